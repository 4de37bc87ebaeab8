/** What the parts of the window that are on the screen can do now, by the id of the command that does it. */
import { untrack } from "svelte";

let now: ReadonlyMap<string, () => unknown> = $state.raw(new Map());

/** Whether a part on the screen offers the action; reactive. */
export function isOffered(id: string): boolean {
  return now.has(id);
}

export function perform(id: string): unknown {
  return now.get(id)?.();
}

/** Offers actions until the returned function is called, as effects do; null stands for one that cannot be done now. */
export function offer(actions: Readonly<Record<string, (() => unknown) | null>>): () => void {
  const mine = Object.entries(actions).flatMap(([id, run]) => (run === null ? [] : [[id, run] as const]));
  now = new Map([...untrack(() => now), ...mine]);
  return () => {
    now = new Map([...untrack(() => now)].filter(([id, run]) => !mine.some(([each, other]) => each === id && other === run)));
  };
}
