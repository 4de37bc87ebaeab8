/** The diagram that is open: its view, the caption being looked at, and what the editor reports about it. */
import type { DiagramView, Level, State } from "../backend";
import type { CaptionStatus } from "../lib/caption/pane";

interface OpenDiagram {
  readonly view: DiagramView | null;
  readonly level: Level;
  readonly regionId: string | null;
  readonly status: CaptionStatus;
  /** The queue has no diagram after this one. */
  readonly finished: boolean;
}

const QUIET: CaptionStatus = { savedAt: null, pending: false, kept: null, error: null };
const NONE: OpenDiagram = { view: null, level: "global", regionId: null, status: QUIET, finished: false };

let state = $state.raw<OpenDiagram>(NONE);

export const open = {
  get now(): OpenDiagram {
    return state;
  },
  get id(): string | null {
    return state.view?.diagram.id ?? null;
  },
};

export function closeDiagram(finished = false): void {
  state = { ...NONE, level: state.level, finished };
}

/** Shows another diagram at the level that was looked at last, so that one level can be worked through. */
export function showDiagram(view: DiagramView): void {
  const regionId = state.level === "partial" ? (view.regions[0]?.id ?? null) : null;
  const level = state.level === "partial" && regionId === null ? "global" : state.level;
  state = { view, level, regionId, status: QUIET, finished: false };
}

/** Takes what others changed: state, conflicts and rights. Text is left to the caption pane. */
export function renewDiagram(view: DiagramView): void {
  if (view.diagram.id === open.id) state = { ...state, view };
}

export function setDiagramState(id: string, next: State): void {
  if (state.view === null || id !== open.id) return;
  state = { ...state, view: { ...state.view, diagram: { ...state.view.diagram, state: next } } };
}

export function showLevel(level: Level, regionId: string | null): void {
  state = { ...state, level, regionId };
}

export function reportStatus(status: CaptionStatus): void {
  state = { ...state, status };
}
