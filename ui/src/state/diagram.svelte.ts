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
  state = { view, level: state.level, regionId, status: QUIET, finished: false };
}

/**
 * Takes what others changed: state, conflicts, regions and rights. Text is left to the caption pane. Where the region
 * on show was taken away, the one in its place is shown.
 */
export function renewDiagram(view: DiagramView): void {
  if (state.view === null || view.diagram.id !== open.id) return;
  let { regionId } = state;
  if (state.level === "partial" && !view.regions.some(({ id }) => id === regionId)) {
    const at = state.view.regions.findIndex(({ id }) => id === regionId);
    regionId = view.regions[Math.min(Math.max(at, 0), view.regions.length - 1)]?.id ?? null;
  }
  state = { ...state, view, regionId };
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
