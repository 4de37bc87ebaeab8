/** The queue as the window sees it: a filter, a length, and the pages that were looked at. Rust owns the rows. */
import { backend, type QueueFilter, type QueueRow, type StateCounts } from "../backend";
import { goTo } from "./place.svelte";
import { fail } from "./toasts.svelte";

/** Rows asked for at a time. */
export const PAGE_ROWS = 200;

type Pages = ReadonlyMap<number, readonly QueueRow[]>;

interface Queue {
  /** What the person asked for; the rows follow a moment later. */
  readonly filter: QueueFilter;
  /** False until the first page of a workspace has arrived. */
  readonly loaded: boolean;
  readonly total: number;
  readonly counts: StateCounts | null;
  readonly pages: Pages;
  /** The row that the keyboard is on, or -1. */
  readonly active: number;
}

const EMPTY: Queue = {
  filter: { state: null, search: "", order: "number" },
  loaded: false,
  total: 0,
  counts: null,
  pages: new Map(),
  active: -1,
};

let state = $state.raw<Queue>(EMPTY);
/** Raised by every change of filter and every refresh; answers to older questions are dropped. */
let generation = 0;
let shownGeneration = 0;
let visible = { first: 0, last: 0 };
const asked = new Set<number>();

export const queue = {
  get now(): Queue {
    return state;
  },
  /** The row at `index`, or undefined while its page is on the way. */
  row(index: number): QueueRow | undefined {
    return state.pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  },
};

/** Forgets everything, for another workspace. */
export function resetQueue(): void {
  generation += 1;
  state = EMPTY;
  visible = { first: 0, last: 0 };
}

/** What lets everything through. */
export const NO_FILTER: Required<QueueFilter> = {
  state: null, search: "", order: "number", kind: null, person: null, reason: null, mark: null, done: null, handed_in: null,
};

/** Lists exactly what a filter lets through, in the place where diagrams are worked on. */
export async function showQueue(filter: Partial<QueueFilter>): Promise<void> {
  goTo("annotate");
  await filterQueue({ ...NO_FILTER, ...filter });
}

/** Changes what is listed and starts again at the top. */
export async function filterQueue(change: Partial<QueueFilter>): Promise<void> {
  state = { ...state, filter: { ...state.filter, ...change } };
  visible = { first: 0, last: 0 };
  await reload(-1);
}

/** Reads the visible pages and the counts again, keeping the old ones on screen until the new ones are here. */
export async function refreshQueue(): Promise<void> {
  await reload(state.active);
}

/** Moves the keyboard's row. */
export function activateRow(index: number): void {
  state = { ...state, active: Math.max(-1, Math.min(index, state.total - 1)) };
}

/** Makes sure that the rows `first..=last` are here or on the way. */
export function showRows(first: number, last: number): void {
  visible = { first, last };
  if (shownGeneration !== generation) return;
  for (const page of pagesOf(first, last)) {
    if (!state.pages.has(page) && !asked.has(page)) void loadPage(page);
  }
}

/** Puts a change of one diagram into its row without asking again. */
export function patchRow(id: string, change: Partial<Pick<QueueRow, "state" | "conflict" | "excerpt">>): void {
  const pages = new Map(state.pages);
  for (const [page, rows] of pages) {
    if (rows.some((row) => row.id === id)) {
      pages.set(page, rows.map((row) => (row.id === id ? { ...row, ...change } : row)));
    }
  }
  state = { ...state, pages };
}

async function reload(active: number): Promise<void> {
  const mine = ++generation;
  const { filter } = state;
  try {
    const [counts, pages] = await Promise.all([
      backend().stateCounts(filter.search),
      Promise.all(pagesOf(visible.first, visible.last).map((page) => askPage(filter, page))),
    ]);
    if (mine !== generation) return;
    const total = pages[0]?.total ?? 0;
    asked.clear();
    shownGeneration = mine;
    state = {
      ...state,
      loaded: true,
      total,
      counts,
      pages: new Map(pages.map((page) => [page.offset / PAGE_ROWS, page.rows])),
      active: Math.min(active, total - 1),
    };
    showRows(visible.first, Math.min(visible.last, Math.max(total - 1, 0)));
  } catch (thrown) {
    if (mine === generation) fail("failed.queue", thrown);
  }
}

async function loadPage(page: number): Promise<void> {
  const mine = generation;
  asked.add(page);
  try {
    const answer = await askPage(state.filter, page);
    if (mine === generation) state = { ...state, total: answer.total, pages: new Map(state.pages).set(page, answer.rows) };
  } catch (thrown) {
    if (mine === generation) fail("failed.queue", thrown);
  } finally {
    if (mine === generation) asked.delete(page);
  }
}

function askPage(filter: QueueFilter, page: number) {
  return backend().queuePage(filter, page * PAGE_ROWS, PAGE_ROWS);
}

function pagesOf(first: number, last: number): number[] {
  const from = Math.floor(Math.max(first, 0) / PAGE_ROWS);
  const to = Math.floor(Math.max(last, 0) / PAGE_ROWS);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Reads only the counts again, where one diagram changed its state but should stay where it is. */
export async function refreshCounts(): Promise<void> {
  const mine = generation;
  const counts = await backend().stateCounts(state.filter.search).catch(() => null);
  if (mine === generation && counts !== null) state = { ...state, counts };
}
