/** Regions of the open diagram as they are being edited: tool, choice, undo, and what is on its way to the store. */
import { SvelteSet } from "svelte/reactivity";
import { backend, type Region, type Shape } from "../backend";
import { open, renewDiagram, showLevel } from "./diagram.svelte";
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

let tool: Tool = $state("select");
let chosen: string | null = $state(null);
/** The region that a text or the pointer speaks of. */
let lit: string | null = $state(null);
let renaming: string | null = $state(null);
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
  get chosen(): string | null {
    return chosen;
  },
  get lit(): string | null {
    return lit;
  },
  get renaming(): string | null {
    return renaming;
  },
  get canUndo(): boolean {
    return canUndo;
  },
  get canRedo(): boolean {
    return canRedo;
  },
};

export function useTool(next: Tool): void {
  tool = next;
}
export function chooseRegion(id: string | null): void {
  chosen = id;
}
export function lightRegion(id: string | null): void {
  lit = id;
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

/** Runs a change, remembers how to undo it, and reads the diagram again; true if it was made. */
async function change(diagram: string, run: () => Promise<unknown>, step: () => Step): Promise<boolean> {
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

/** Gives a region another place; it is shown there at once, and put back if that fails. */
export async function reshapeRegion(diagram: string, region: Region, shape: Shape, shown: Region): Promise<void> {
  const { view } = open.now;
  if (view !== null && open.id === diagram) {
    renewDiagram({ ...view, regions: view.regions.map((each) => (each.id === region.id ? shown : each)) });
  }
  const before: Shape = region.polygon.length > 0
    ? { kind: "polygon", points: region.polygon }
    : { kind: "rectangle", x: region.x, y: region.y, width: region.width, height: region.height };
  const put = (to: Shape) => () => backend().changeRegion(diagram, region.id, { name: null, shape: to });
  await change(diagram, put(shape), () => ({ undo: put(before), redo: put(shape) }));
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
  if (removed && chosen === id) chosen = null;
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

async function step(from: "done" | "undone", to: "done" | "undone", run: (step: Step) => Promise<unknown>): Promise<void> {
  const { id } = open;
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
