/** Regions of the open diagram as they are being edited: tool, choice, undo, and what is on its way to the store. */
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { backend, type Region, type Shape } from "../backend";
import { shapeOf } from "../lib/picture/shapes";
import { open, showLevel } from "./diagram.svelte";
import { renewOpen } from "./navigation";
import { patchRow } from "./queue.svelte";
import { fail } from "./toasts.svelte";

export type Tool = "select" | "rectangle" | "polygon";

interface Step {
  readonly undo: () => Promise<unknown>;
  readonly redo: () => Promise<unknown>;
}
interface Steps {
  readonly diagram: string;
  done: Step[];
  undone: Step[];
}

/** A place that is on the picture already and not in the store yet. */
interface Placing {
  readonly diagram: string;
  readonly before: Shape;
  readonly shape: Shape;
  readonly shown: Region;
}

/** Keys that follow each other faster move a region in one step: one write, one thing to undo. */
const NUDGE_REST_MS = 400;

let tool: Tool = $state("select");
let chosen: string | null = $state(null);
/** The region that the pointer or the keyboard is on, on the picture, in a list or in the text. */
let pointed: string | null = $state(null);
/** The region of the linked words that the cursor is in. */
let spoken: string | null = $state(null);
let renaming: string | null = $state(null);
/** By region. */
const placing = new SvelteMap<string, Placing>();
let resting: { readonly region: string; readonly timer: ReturnType<typeof setTimeout> } | null = null;
/** What was asked for before: changes are made one after the other. */
let last: Promise<unknown> = Promise.resolve();
/** Regions that were drawn as evidence while the window is open. */
const evidence = new SvelteSet<string>();
/** Diagrams keep their steps while the window is open. */
const steps = new Map<string, Steps>();
let canUndo = $state(false);
let canRedo = $state(false);

export const regionEditing = {
  get tool(): Tool {
    return tool;
  },
  /** The chosen region of the diagram that is open. */
  get chosen(): string | null {
    return isOpen(chosen) ? chosen : null;
  },
  /** Regions to light on the picture and in lists. */
  get lit(): readonly string[] {
    return [pointed, spoken].filter(isOpen);
  },
  /** Regions whose words are to be lit. */
  get told(): readonly string[] {
    return [pointed, chosen].filter(isOpen);
  },
  get renaming(): string | null {
    return isOpen(renaming) ? renaming : null;
  },
  /** The open diagram's regions, where they were put last. */
  get regions(): Region[] {
    const regions = open.now.view?.regions ?? [];
    return placing.size === 0 ? regions : regions.map((region) => placing.get(region.id)?.shown ?? region);
  },
  get canUndo(): boolean {
    return canUndo;
  },
  get canRedo(): boolean {
    return canRedo;
  },
};

function isOpen(id: string | null): id is string {
  return id !== null && open.now.view?.regions.some((region) => region.id === id) === true;
}

export function useTool(next: Tool): void {
  tool = next;
}
export function chooseRegion(id: string | null): void {
  chosen = id;
}
export function lightRegion(id: string | null): void {
  pointed = id;
}
export function speakOfRegion(id: string | null): void {
  spoken = id;
}
export function renameRegion(id: string | null): void {
  renaming = id;
}

function stepsOf(diagram: string): Steps {
  const known = steps.get(diagram) ?? { diagram, done: [], undone: [] };
  steps.set(diagram, known);
  return known;
}

/** Tells the buttons what can be undone in the diagram that is open. */
export function followSteps(diagram: string | null): void {
  const known = diagram === null ? undefined : steps.get(diagram);
  canUndo = (known?.done.length ?? 0) > 0;
  canRedo = (known?.undone.length ?? 0) > 0;
}

function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const mine = last.then(run);
  last = mine.catch(() => undefined);
  return mine;
}

/** Runs a change after those before it, remembers how to undo it, and reads the diagram again; true if it was made. */
function change(diagram: string, run: () => Promise<unknown>, step: () => Step): Promise<boolean> {
  settleNudges();
  return inTurn(() => changeNow(diagram, run, step));
}

async function changeNow(diagram: string, run: () => Promise<unknown>, step: () => Step): Promise<boolean> {
  try {
    await run();
    const known = stepsOf(diagram);
    known.done.push(step());
    known.undone = [];
    return true;
  } catch (thrown) {
    fail("failed.region", thrown);
    return false;
  } finally {
    await renewOpen();
    followSteps(open.id);
    // Drawing may have begun the diagram; evidence begins nothing.
    const now = open.now.view?.diagram;
    if (now?.id === diagram) patchRow(diagram, { state: now.state });
  }
}

/** Draws a region and chooses it; the caption of the new region is shown next. */
export async function drawRegion(diagram: string, shape: Shape): Promise<void> {
  const id = await drawn(diagram, () => backend().drawRegion(diagram, { name: null, shape }));
  if (id !== null) showLevel("partial", id);
}

/** Draws a region for a question to point at, and chooses it; nobody's caption begins. Null if it was refused. */
export async function drawEvidence(diagram: string, shape: Shape): Promise<string | null> {
  const id = await drawn(diagram, () => backend().drawEvidence(diagram, { name: null, shape }));
  if (id !== null) evidence.add(id);
  return id;
}

/** Whether a region was drawn here as evidence: whoever drew it moves it, everybody else's stay where they are. */
export const isOwnEvidence = (id: string): boolean => evidence.has(id);

async function drawn(diagram: string, draw: () => Promise<Region>): Promise<string | null> {
  let id = "";
  const made = await change(
    diagram,
    async () => ({ id } = await draw()),
    () => ({ undo: () => backend().removeRegion(diagram, id), redo: () => backend().restoreRegion(diagram, id) }),
  );
  if (!made || open.id !== diagram) return null;
  chosen = id;
  tool = "select";
  return id;
}

/** Gives a region another place. It is shown there at once, and put back if that fails. */
export function reshapeRegion(diagram: string, region: Region, shape: Shape, shown: Region): void {
  settleNudges();
  placing.set(region.id, { diagram, before: shapeOf(region), shape, shown });
  void place(region.id);
}

/** As [`reshapeRegion`], by one of a run of keys: the run is one step. */
export function nudgeRegion(diagram: string, region: Region, shape: Shape, shown: Region): void {
  if (resting?.region !== region.id) settleNudges();
  const before = resting === null ? shapeOf(region) : (placing.get(region.id)?.before ?? shapeOf(region));
  if (resting !== null) clearTimeout(resting.timer);
  placing.set(region.id, { diagram, before, shape, shown });
  resting = { region: region.id, timer: setTimeout(settleNudges, NUDGE_REST_MS) };
}

/** Sends a run of keys that rests, or is cut short by something else. */
function settleNudges(): void {
  if (resting === null) return;
  const { region, timer } = resting;
  clearTimeout(timer);
  resting = null;
  void place(region);
}

/** Everything that was done to regions is in the store, or was told to have failed. */
export async function settleRegions(): Promise<void> {
  settleNudges();
  await last;
}

async function place(id: string): Promise<void> {
  const mine = placing.get(id);
  if (mine === undefined) return;
  const { diagram, before, shape } = mine;
  const put = (to: Shape) => () => backend().changeRegion(diagram, id, { name: null, shape: to });
  await inTurn(() => changeNow(diagram, put(shape), () => ({ undo: put(before), redo: put(shape) })));
  if (placing.get(id) === mine) placing.delete(id);
}

export async function nameRegion(diagram: string, region: Region, name: string): Promise<boolean> {
  const put = (to: string) => () => backend().changeRegion(diagram, region.id, { name: to, shape: null });
  return change(diagram, put(name), () => ({ undo: put(region.name), redo: put(name) }));
}

export async function removeRegion(diagram: string, id: string): Promise<void> {
  const removed = await change(
    diagram,
    () => backend().removeRegion(diagram, id),
    () => ({ undo: () => backend().restoreRegion(diagram, id), redo: () => backend().removeRegion(diagram, id) }),
  );
  if (removed && chosen === id) chosen = open.now.level === "partial" ? open.now.regionId : null;
}

/** Moves a region one place up or down in the list. */
export async function shiftRegion(diagram: string, regions: readonly Region[], id: string, by: -1 | 1): Promise<void> {
  const before = regions.map((region) => region.id);
  const at = before.indexOf(id);
  const to = at + by;
  if (at < 0 || to < 0 || to >= before.length) return;
  const after = [...before];
  after.splice(at, 1);
  after.splice(to, 0, id);
  const put = (order: string[]) => () => backend().reorderRegions(diagram, order);
  await change(diagram, put(after), () => ({ undo: put(before), redo: put(after) }));
}

export async function undoRegion(): Promise<void> {
  await step("done", "undone", ({ undo }) => undo());
}
export async function redoRegion(): Promise<void> {
  await step("undone", "done", ({ redo }) => redo());
}

function step(from: "done" | "undone", to: "done" | "undone", run: (step: Step) => Promise<unknown>): Promise<void> {
  settleNudges();
  const { id } = open;
  return inTurn(() => stepNow(id, from, to, run));
}

async function stepNow(
  id: string | null, from: "done" | "undone", to: "done" | "undone", run: (step: Step) => Promise<unknown>,
): Promise<void> {
  const known = id === null ? undefined : steps.get(id);
  const last = known?.[from].pop();
  if (known === undefined || last === undefined) return;
  try {
    await run(last);
    known[to].push(last);
  } catch (thrown) {
    fail("failed.region", thrown);
  } finally {
    await renewOpen();
    followSteps(open.id);
  }
}
