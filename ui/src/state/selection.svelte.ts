/** Diagrams picked in the queue, to be drafted together. The open diagram is another thing. */
import { backend } from "../backend";
import { queue } from "./queue.svelte";
import { fail } from "./toasts.svelte";

/** Most rows that one stretch picks. */
const MOST = 10_000;
const CHUNK = 1000;

let ids = $state.raw<ReadonlySet<string>>(new Set());
/** Index of the row that a stretch begins at. */
let anchor = -1;

export const selection = {
  get ids(): ReadonlySet<string> {
    return ids;
  },
};

export function clearSelection(): void {
  anchor = -1;
  if (ids.size > 0) ids = new Set();
}

/** Where the next stretch begins. */
export function anchorAt(index: number): void {
  anchor = index;
}

/** Picks a row, or lets go of it. */
export function toggleRow(index: number): void {
  const row = queue.row(index);
  if (row === undefined) return;
  anchor = index;
  const next = new Set(ids);
  if (!next.delete(row.id)) next.add(row.id);
  ids = next;
}

/** Picks the rows from the last one picked to this one, in place of what was picked. */
export async function pickTo(index: number): Promise<void> {
  const from = anchor < 0 ? Math.max(queue.now.active, 0) : anchor;
  anchor = from;
  const [first, last] = [Math.min(from, index), Math.max(from, index)];
  const { filter } = queue.now;
  try {
    const next = new Set<string>();
    for (let offset = first; offset <= Math.min(last, first + MOST - 1); offset += CHUNK) {
      const { rows } = await backend().queuePage(filter, offset, Math.min(CHUNK, last - offset + 1));
      for (const row of rows) next.add(row.id);
    }
    if (queue.now.filter === filter) ids = next;
  } catch (thrown) {
    fail("failed.queue", thrown);
  }
}
