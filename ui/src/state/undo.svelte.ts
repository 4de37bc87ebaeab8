/** The last change outside of texts and regions that can be taken back: told in a row, without taking the focus. */
import type { Key } from "../i18n";
import { fail } from "./toasts.svelte";

/** What was done, and how to take it back. */
export interface Done {
  readonly said: Key;
  readonly values?: Record<string, string | number>;
  /** What to say where it cannot be taken back. */
  readonly failure: Key;
  undo(): Promise<unknown>;
}

let last = $state.raw<Done | null>(null);
let busy = $state(false);

export const undoable = {
  get last(): Done | null {
    return last;
  },
  get busy(): boolean {
    return busy;
  },
};

/** Tells that something was done; what was told before can no longer be taken back here. */
export function offerUndo(done: Done): void {
  last = done;
}

export function forgetUndo(): void {
  last = null;
}

/** Takes the last change back; where that fails it stays on offer. */
export async function undoLast(): Promise<void> {
  const done = last;
  if (done === null || busy) return;
  busy = true;
  try {
    await done.undo();
    if (last === done) last = null;
  } catch (thrown) {
    fail(done.failure, thrown);
  } finally {
    busy = false;
  }
}
