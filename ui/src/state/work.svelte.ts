/** Who works on what: claims, what is left out, the plan, saved filters, and changes of many diagrams at once. */
import { backend, type BulkAction, type BulkDone, type BulkScope, type Person, type QueueFilter, type SavedFilter } from "../backend";
import type { Key } from "../i18n";
import { open } from "./diagram.svelte";
import { openDiagram, renewOpen } from "./navigation";
import { queue, refreshQueue } from "./queue.svelte";
import { recall, remember } from "./remembered";
import { clearSelection, selection } from "./selection.svelte";
import { fail } from "./toasts.svelte";
import { offerUndo } from "./undo.svelte";

let saved: readonly SavedFilter[] = $state.raw([]);
let kinds: readonly (readonly [string, number])[] = $state.raw([]);
let people: readonly Person[] = $state.raw([]);
let done = $state.raw<BulkDone | null>(null);
let told: Key | null = $state(null);
const LONGEST_RECENT = 5;
const isWords = (value: unknown): value is string[] => Array.isArray(value) && value.every((each) => typeof each === "string");
let recentSkips: readonly string[] = $state.raw(recall<string[]>("skips", [], isWords));

export const work = {
  get saved(): readonly SavedFilter[] {
    return saved;
  },
  get kinds(): readonly (readonly [string, number])[] {
    return kinds;
  },
  get people(): readonly Person[] {
    return people;
  },
  /** The last change of many diagrams, for undoing it. */
  get done(): BulkDone | null {
    return done;
  },
  /** What the last command found, said beside the queue. */
  get told(): Key | null {
    return told;
  },
  get recentSkips(): readonly string[] {
    return recentSkips;
  },
  /** What a change of many is about: what is picked, or else all that the filter lists. */
  get scope(): BulkScope {
    return selection.ids.size > 0 ? { kind: "picked", ids: [...selection.ids] } : { kind: "filtered", filter: queue.now.filter };
  },
  get scopeCount(): number {
    return selection.ids.size > 0 ? selection.ids.size : queue.now.total;
  },
};

/** Reads what filters are made of. */
export async function refreshWork(): Promise<void> {
  try {
    const [filters, kindsNow, infos] = await Promise.all([backend().filters(), backend().diagramKinds(), backend().people()]);
    saved = filters;
    kinds = kindsNow;
    people = infos.map(({ person }) => person);
  } catch (thrown) {
    fail("failed.filters", thrown);
  }
}

export async function keepFilter(name: string, filter: QueueFilter): Promise<void> {
  await change("failed.filters", () => backend().saveFilter(name, filter));
  await refreshWork();
}

export async function dropFilter(id: string): Promise<void> {
  const dropped = saved.find((each) => each.id === id);
  const gone = await change("failed.filters", () => backend().removeFilter(id));
  await refreshWork();
  if (!gone || dropped === undefined) return;
  const { name, filter } = dropped;
  offerUndo({
    said: "undo.filter", values: { name }, failure: "failed.filters",
    undo: async () => {
      await backend().saveFilter(name, filter);
      await refreshWork();
    },
  });
}

/** Takes the next diagram that nobody holds, and opens it; false if there is none. */
export async function takeNext(): Promise<boolean> {
  try {
    const place = await backend().claimNext(queue.now.filter, open.id);
    if (place === null) return false;
    told = null;
    await openDiagram(place.id);
    await Promise.all([refreshQueue(), renewOpen()]);
    return true;
  } catch (thrown) {
    fail("failed.claim", thrown);
    return false;
  }
}

/** Runs a step on the open diagram and shows what came of it; false if it was refused. */
export async function stepOpen(failure: Key, run: (id: string) => Promise<unknown>): Promise<boolean> {
  const { id } = open;
  if (id === null || !(await change(failure, () => run(id)))) return false;
  await Promise.all([refreshQueue(), renewOpen()]);
  return true;
}

/** Says what kind of diagram the open one is. */
export async function putKind(kind: string): Promise<void> {
  const { id } = open;
  const before = open.now.view?.diagram.kind;
  if (id === null || before === undefined || before === kind) return;
  if (!(await stepOpen("failed.kind", (diagram) => backend().setDiagramKind(diagram, kind)))) return;
  await refreshWork();
  offerUndo({
    said: kind === "" ? "undo.no_kind" : "undo.kind", values: { kind }, failure: "failed.kind",
    undo: async () => {
      await backend().setDiagramKind(id, before);
      await Promise.all([refreshQueue(), renewOpen(), refreshWork()]);
    },
  });
}

export function rememberSkip(reason: string): void {
  recentSkips = [reason, ...recentSkips.filter((each) => each !== reason)].slice(0, LONGEST_RECENT);
  remember("skips", recentSkips);
}

/** Changes many diagrams at once; false if it was refused. */
export async function changeMany(action: BulkAction): Promise<boolean> {
  try {
    done = await backend().bulk(work.scope, action);
  } catch (thrown) {
    fail("failed.bulk", thrown);
    return false;
  }
  clearSelection();
  await Promise.all([refreshQueue(), renewOpen(), refreshWork()]);
  return true;
}

/** Takes the last change of many back, for the diagrams that nobody changed since. */
export async function undoMany(): Promise<void> {
  const last = done;
  if (last === null) return;
  done = null;
  await change("failed.bulk", () => backend().undoBulk(last.id));
  await Promise.all([refreshQueue(), renewOpen(), refreshWork()]);
}

export function forgetDone(): void {
  done = null;
  told = null;
}

/** Says something beside the queue, without taking the focus. */
export function tell(key: Key): void {
  told = key;
}

async function change(failure: Key, run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (thrown) {
    fail(failure, thrown);
    return false;
  }
}
