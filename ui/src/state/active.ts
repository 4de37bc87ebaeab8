/** How long somebody works on each caption: time in front of it with a key or the pointer in the last minute. */
import type { ActiveTime, Slot } from "../backend";
import { slotKey } from "../lib/caption/slots";

/** Without a sign of the person for so long, time stops. */
const IDLE_MS = 60_000;
const TICK_MS = 1000;

const counted = new Map<string, { readonly slot: Slot; seconds: number }>();
let lastSign = 0;

/** Counts for the caption that `shown` names, from now on; null stands for another place. Returns what stops it. */
export function countActive(shown: () => Slot | null): () => void {
  const sign = (): void => void (lastSign = Date.now());
  const signs = ["keydown", "pointermove", "pointerdown", "wheel"] as const;
  for (const name of signs) window.addEventListener(name, sign, { capture: true, passive: true });
  const timer = setInterval(() => {
    const slot = shown();
    const present = document.hasFocus() && document.visibilityState === "visible" && Date.now() - lastSign < IDLE_MS;
    if (slot === null || !present) return;
    const before = counted.get(slotKey(slot))?.seconds ?? 0;
    counted.set(slotKey(slot), { slot, seconds: before + TICK_MS / 1000 });
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    for (const name of signs) window.removeEventListener(name, sign, { capture: true });
  };
}

/** Seconds of work on each caption of a diagram since it was handed in last. */
export function activeTimes(diagramId: string): ActiveTime[] {
  const of = [...counted.values()].filter(({ slot }) => slot.diagram_id === diagramId);
  return of.map(({ slot: { level, region_id }, seconds }) => ({ level, region_id, seconds }));
}

/** Begins to count anew for a diagram, once it is handed in. */
export function forgetActive(diagramId: string): void {
  for (const [key, { slot }] of counted) if (slot.diagram_id === diagramId) counted.delete(key);
}
