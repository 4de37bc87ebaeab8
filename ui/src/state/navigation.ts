/** Going from one diagram to another without losing a word or waiting for a picture. */
import { backend, type DiagramView, type Place, type QueueFilter } from "../backend";
import { prefetchPicture } from "../lib/picture/source";
import type { Key } from "../i18n";
import { closeDiagram, open, setDiagramState, showDiagram, renewDiagram } from "./diagram.svelte";
import { activeTimes, forgetActive } from "./active";
import { panes } from "./panes";
import { activateRow, patchRow, queue, refreshQueue } from "./queue.svelte";
import { recall, remember } from "./remembered";
import { session } from "./session.svelte";
import { fail } from "./toasts.svelte";
import { wording } from "./wording.svelte";

/**
 * What comes after `from` in the queue as `filter` lists it, and views of that and of the next free one; fetched
 * ahead, used once, dropped when anybody else writes.
 */
interface Ahead {
  readonly from: string;
  readonly filter: QueueFilter;
  /** Length of the list then: when it changes, places have moved. */
  readonly total: number;
  readonly place: Place;
  readonly views: ReadonlyMap<string, Promise<DiagramView>>;
}

let ahead: Ahead | null = null;
/** The diagram that is being opened. */
let bound: string | null = null;
/** Raised by every wish to go somewhere; only the last wish is fulfilled. */
let wish = 0;

/** Opens a diagram after keeping what was typed on the one before. Stays where it is if that cannot be kept. */
export async function openDiagram(id: string, index?: number): Promise<void> {
  const mine = ++wish;
  if (id === open.id) return;
  if (index !== undefined) activateRow(index);
  bound = id;
  const view = (await leaveDiagram()) && mine === wish ? await viewOf(id) : null;
  if (mine !== wish) return;
  bound = null;
  if (view === null) return;
  showDiagram(view);
  remember(`last.${session.now.workspace?.path ?? ""}`, id);
  if (index === undefined) await findRow(id);
  if (mine === wish) void fetchAhead(id);
}

/** Opens the next or previous diagram of the queue; true if there was one. */
export async function openNeighbour(forward: boolean): Promise<boolean> {
  // Whoever goes on faster than diagrams open goes on from where they are bound for.
  const from = bound ?? open.id ?? queue.row(queue.now.active)?.id;
  try {
    const place = from === undefined ? await firstPlace() : await placeBeside(from, forward);
    if (place === null) return false;
    await openDiagram(place.id, place.index);
    return true;
  } catch (thrown) {
    fail("failed.diagram", thrown);
    return false;
  }
}

/** Submits the open diagram and takes the next free one of the list; after the last one, says that the queue is done. */
export async function submitAndNext(): Promise<void> {
  const { view } = open.now;
  const pane = panes.caption;
  if (view === null || pane === undefined) return;
  const { id } = view.diagram;
  try {
    // Another draft may come in this moment: what is handed in is what was on the screen.
    const draft_id = pane.draftShown();
    await pane.flush();
    const { state } = await backend().submit(pane.slot(), { draft_id, active: activeTimes(id) });
    forgetActive(id);
    setDiagramState(id, state);
    patchRow(id, { state });
  } catch (thrown) {
    fail("failed.submit", thrown);
    return;
  }
  if (open.id !== id) return;
  await takeNextAfter(id);
  await refreshQueue();
  if (open.id !== null) await findRow(open.id);
}

/** Takes the next free diagram, so that nobody else does it too, and opens it. */
async function takeNextAfter(id: string): Promise<void> {
  try {
    const place = await backend().claimNext(queue.now.filter, id);
    if (open.id !== id) return;
    if (place === null) return closeDiagram(true);
    const wasRead = ahead?.views.has(place.id) === true;
    await openDiagram(place.id, place.index);
    // What was read ahead does not know of the claim.
    if (wasRead && open.id === place.id) void renewOpen();
  } catch (thrown) {
    fail("failed.claim", thrown);
  }
}

/** Opens what was open last in this workspace, or else the first diagram of the queue. */
export async function openFirst(): Promise<void> {
  const last = recall(`last.${session.now.workspace?.path ?? ""}`, null, isId);
  try {
    const place = (last === null ? null : await backend().placeOf(queue.now.filter, last)) ?? (await firstPlace());
    if (place !== null) await openDiagram(place.id, place.index);
  } catch (thrown) {
    fail("failed.diagram", thrown);
  }
}

/** Keeps what was typed; false, with a toast, if that failed. */
export async function leaveDiagram(failure: Key = "failed.leave"): Promise<boolean> {
  try {
    await Promise.all([panes.caption?.leave(), panes.regions?.settle()]);
    return true;
  } catch (thrown) {
    fail(failure, thrown);
    return false;
  }
}

/** Writes what was typed to disk, for moments when the window may be about to go. */
export async function flushText(): Promise<void> {
  const leads = wording.flush();
  try {
    await Promise.all([panes.caption?.flush(), panes.regions?.settle()]);
  } catch (thrown) {
    fail("failed.save", thrown);
  }
  await leads;
}

/** How long closing waits for the text to be stored, in milliseconds. */
const CLOSING_MS = 3000;
let refusedToClose = false;

/**
 * Keeps what was typed before the window closes, in captions and by `others`. If that fails it stays open once, so
 * that the text can be rescued.
 */
export async function mayClose(others: () => Promise<void> = () => Promise.resolve()): Promise<boolean> {
  const patience = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), CLOSING_MS));
  const kept = await Promise.race([Promise.all([leaveDiagram("failed.close"), wording.flush(), keptBy(others)]).then((all) => all.every(Boolean)), patience]);
  const may = kept || refusedToClose;
  refusedToClose = !may;
  return may;
}

async function keptBy(others: () => Promise<void>): Promise<boolean> {
  try {
    await others();
    return true;
  } catch (thrown) {
    fail("failed.close", thrown);
    return false;
  }
}

/** Reads again what others may have changed: the queue, and the open diagram's state and conflicts. */
export async function followOthers(): Promise<void> {
  ahead = null;
  await Promise.all([refreshQueue(), renewOpen()]);
  if (open.id !== null) await findRow(open.id);
}

/** Reads the open diagram again, leaving its text to the caption pane. */
export async function renewOpen(): Promise<void> {
  const { id } = open;
  if (id === null) return;
  try {
    renewDiagram(await backend().openDiagram(id));
  } catch (thrown) {
    fail("failed.diagram", thrown);
  }
}

function placeBeside(from: string, forward: boolean): Promise<Place | null> | Place {
  const { filter, total } = queue.now;
  if (forward && ahead?.from === from && ahead.filter === filter && ahead.total === total) return ahead.place;
  return backend().neighbour(filter, from, forward);
}

async function viewOf(id: string): Promise<DiagramView | null> {
  const fetched = ahead?.views.get(id) ?? null;
  ahead = null;
  try {
    return await (fetched ?? backend().openDiagram(id));
  } catch (thrown) {
    fail("failed.diagram", thrown);
    return null;
  }
}

/** Fetches the diagram after `id` and warms its picture, so that going on shows it at once. */
async function fetchAhead(id: string): Promise<void> {
  try {
    const { filter, total } = queue.now;
    const free = filter.mark == null ? { ...filter, mark: "free" as const } : filter;
    const [place, next] = await Promise.all([backend().neighbour(filter, id, true), backend().neighbour(free, id, true)]);
    if (place === null || open.id !== id) return;
    const ids = new Set([place.id, next?.id ?? place.id]);
    const views = new Map([...ids].map((each) => [each, backend().openDiagram(each)]));
    ahead = { from: id, filter, total, place, views };
    for (const { diagram } of await Promise.all(views.values())) prefetchPicture(diagram.image, diagram.view);
  } catch {
    // Going on will ask again, and report what is wrong then.
    ahead = null;
  }
}

async function firstPlace(): Promise<Place | null> {
  const page = await backend().queuePage(queue.now.filter, 0, 1);
  const row = page.rows[0];
  return row === undefined ? null : { id: row.id, index: 0 };
}

/** Puts the keyboard's row on the open diagram; none if the filter no longer lists it. */
async function findRow(id: string): Promise<void> {
  const place = await backend().placeOf(queue.now.filter, id).catch(() => null);
  if (open.id === id) activateRow(place?.index ?? -1);
}

function isId(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}
