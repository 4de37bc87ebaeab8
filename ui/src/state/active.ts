/** How long somebody works on each diagram: time with the window in front and a key or the pointer in the last minute. */

/** Without a sign of the person for so long, time stops. */
const IDLE_MS = 60_000;
const TICK_MS = 1000;

const seconds = new Map<string, number>();
let lastSign = 0;

/** Counts for the diagram that `open` names, from now on; returns what stops it. */
export function countActive(open: () => string | null): () => void {
  const sign = (): void => void (lastSign = Date.now());
  const signs = ["keydown", "pointermove", "pointerdown", "wheel"] as const;
  for (const name of signs) window.addEventListener(name, sign, { capture: true, passive: true });
  const timer = setInterval(() => {
    const id = open();
    const present = document.hasFocus() && document.visibilityState === "visible" && Date.now() - lastSign < IDLE_MS;
    if (id !== null && present) seconds.set(id, (seconds.get(id) ?? 0) + TICK_MS / 1000);
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    for (const name of signs) window.removeEventListener(name, sign, { capture: true });
  };
}

/** Seconds of work on a diagram since it was last asked; null where none were counted. */
export function activeSeconds(id: string): number | null {
  const counted = seconds.get(id) ?? null;
  seconds.delete(id);
  return counted;
}
