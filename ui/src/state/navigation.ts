/** Going from one diagram to another without losing a word or waiting for a picture. */
import { backend, type DiagramView, type Place, type QueueFilter } from "../backend";
import { prefetchPicture } from "../lib/picture/source";
import type { Key } from "../i18n";
import { closeDiagram, open, setDiagramState, showDiagram, showLevel, renewDiagram } from "./diagram.svelte";
import { activeSeconds } from "./active";
import { drafting } from "./drafting.svelte";
import { panes } from "./panes";
import { activateRow, patchRow, queue, refreshQueue } from "./queue.svelte";
import { recall, remember } from "./remembered";
import { session } from "./session.svelte";
import { fail } from "./toasts.svelte";
import { wording } from "./wording.svelte";

/** What comes after `from` in the queue as `filter` lists it; fetched ahead, used once, dropped when anybody else writes. */
interface Ahead {
  readonly from: string;
  readonly filter: QueueFilter;
  /** Length of the list then: when it changes, places have moved. */
  readonly total: number;
  readonly place: Place;
  readonly view: Promise<DiagramView>;
}

let ahead: Ahead | null = null;
/** Raised by every wish to go somewhere; only the last wish is fulfilled. */
let wish = 0;

/** Opens a diagram after keeping what was typed on the one before. Stays where it is if that cannot be kept. */
export async function openDiagram(id: string, index?: number): Promise<void> {
  const mine = ++wish;
  if (id === open.id) return;
  if (index !== undefined) activateRow(index);
  if (!(await leaveDiagram())) return;
  if (mine !== wish) return;
  const view = await viewOf(id);
  if (view === null || mine !== wish) return;
  showDiagram(view);
  remember(`last.${session.now.workspace?.path ?? ""}`, id);
  if (index === undefined) await findRow(id);
  if (mine === wish) void fetchAhead(id);
}

/** Opens the next or previous diagram of the queue; true if there was one. */
export async function openNeighbour(forward: boolean): Promise<boolean> {
  const from = open.id ?? queue.row(queue.now.active)?.id;
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

/** Submits the open diagram and goes on to the next one; after the last one, says that the queue is done. */
export async function submitAndNext(): Promise<void> {
  const { view } = open.now;
  const pane = panes.caption;
  if (view === null || pane === undefined) return;
  const { id } = view.diagram;
  try {
    // Another draft may come in this moment: what is handed in is what is on the screen.
    if (drafting.open.length > 0) pane.keepShown();
    await pane.flush();
    const { state } = await backend().submit(pane.slot(), { draft_id: pane.draftShown(), active_seconds: activeSeconds(id) });
    setDiagramState(id, state);
    patchRow(id, { state });
  } catch (thrown) {
    fail("failed.submit", thrown);
    return;
  }
  if (open.id !== id) return;
  const went = await openNeighbour(true);
  if (!went && open.id === id) closeDiagram(true);
  await refreshQueue();
  if (open.id !== null) await findRow(open.id);
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
    await panes.caption?.leave();
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
    await panes.caption?.flush();
  } catch (thrown) {
    fail("failed.save", thrown);
  }
  await leads;
}

/** How long closing waits for the text to be stored, in milliseconds. */
const CLOSING_MS = 3000;
let refusedToClose = false;

/** Keeps what was typed before the window closes. If that fails it stays open once, so that the text can be rescued. */
export async function mayClose(): Promise<boolean> {
  const patience = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), CLOSING_MS));
  const both = Promise.all([leaveDiagram("failed.close"), wording.flush()]).then((kept) => kept.every(Boolean));
  const kept = await Promise.race([both, patience]);
  if (kept || refusedToClose) return true;
  refusedToClose = true;
  return false;
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
    const view = await backend().openDiagram(id);
    const { level, regionId } = open.now;
    renewDiagram(view);
    if (level === "partial" && !view.regions.some((region) => region.id === regionId)) showLevel("global", null);
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
  const fetched = ahead?.place.id === id ? ahead.view : null;
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
    const place = await backend().neighbour(filter, id, true);
    if (place === null || open.id !== id) return;
    const view = backend().openDiagram(place.id);
    ahead = { from: id, filter, total, place, view };
    const { diagram } = await view;
    prefetchPicture(diagram.image, diagram.view);
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
