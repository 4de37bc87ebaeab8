/** Commands on the diagram that is open: its state, its captions, its picture. */
import { backend, type State } from "../backend";
import type { Key } from "../i18n";
import { showDialog } from "../state/dialogs.svelte";
import { open, setDiagramState, showLevel } from "../state/diagram.svelte";
import { renewOpen, submitAndNext } from "../state/navigation";
import { me } from "../state/me.svelte";
import { panes } from "../state/panes";
import { patchRow, refreshQueue } from "../state/queue.svelte";
import { fail } from "../state/toasts.svelte";
import type { Command } from "./command";

const stateIs = (...states: State[]): boolean => {
  const { view } = open.now;
  return view !== null && states.includes(view.diagram.state);
};
const isOpen = (): boolean => open.now.view !== null;
const editable = (): boolean => open.now.view?.read_only === false;

export const submit: Command = {
  id: "submit", group: "diagram", title: "command.submit", keys: ["Mod+Enter"],
  enabled: () => me.is("annotator") && editable() && stateIs("todo", "in_progress", "returned"),
  run: submitAndNext,
};

export const approve: Command = {
  id: "approve", group: "diagram", title: "command.approve", keys: ["Mod+Shift+A"],
  enabled: () => me.is("lead") && stateIs("submitted"),
  run: () => changeState((id) => backend().approve(id), "failed.approve"),
};

export const returnToAuthor: Command = {
  id: "return", group: "diagram", title: "command.return", keys: ["Mod+Shift+R"],
  enabled: () => me.is("lead") && stateIs("submitted", "approved"),
  run: () => showDialog("return"),
};

export const reopen: Command = {
  id: "reopen", group: "diagram", title: "command.reopen", keys: ["Mod+Shift+O"],
  enabled: () => stateIs("submitted") || (stateIs("approved") && me.is("lead")) || open.now.view?.waits_for_second === true,
  run: () => changeState((id) => backend().reopen(id), "failed.reopen"),
};

/** Returns the open diagram to its author; the dialog asks for the reason first. True if it was returned. */
export function sendBack(reason: string): Promise<boolean> {
  return changeState((id) => backend().returnToAuthor(id, reason), "failed.return");
}

const levels: Command[] = [
  {
    id: "level.global", group: "caption", title: "command.level_global", keys: ["Alt+1"],
    enabled: isOpen, run: () => showLevel("global", null),
  },
  {
    id: "level.partial", group: "caption", title: "command.level_partial", keys: ["Alt+2"],
    enabled: isOpen, run: nextRegion,
  },
  {
    id: "level.detailed", group: "caption", title: "command.level_detailed", keys: ["Alt+3"],
    enabled: isOpen, run: () => showLevel("detailed", null),
  },
  {
    id: "level.structure", group: "caption", title: "command.level_structure", keys: ["Alt+4"],
    enabled: isOpen, run: () => showLevel("structure", null),
  },
];

const editing: Command[] = [
  { id: "undo", group: "caption", title: "command.undo", keys: [], enabled: editable, run: () => panes.caption?.undo() },
  { id: "redo", group: "caption", title: "command.redo", keys: [], enabled: editable, run: () => panes.caption?.redo() },
  {
    id: "find", group: "caption", title: "command.find", keys: ["Alt+F"],
    enabled: isOpen, run: () => panes.caption?.find(),
  },
];

const draft: Command[] = (["off", "beside", "merged"] as const).map((mode) => ({
  id: `draft.${mode}`, group: "caption", title: `command.draft_${mode}`, keys: [],
  enabled: isOpen, run: () => panes.caption?.showDiff(mode),
}));

export const pictureCommands: readonly Command[] = [
  {
    id: "zoom.in", group: "picture", title: "command.zoom_in", keys: ["Mod+="],
    enabled: isOpen, run: () => panes.picture?.zoomIn(),
  },
  {
    id: "zoom.out", group: "picture", title: "command.zoom_out", keys: ["Mod+-"],
    enabled: isOpen, run: () => panes.picture?.zoomOut(),
  },
  {
    id: "zoom.fit", group: "picture", title: "command.fit", keys: ["Mod+0"],
    enabled: isOpen, run: () => panes.picture?.fit(),
  },
  {
    id: "zoom.actual", group: "picture", title: "command.actual", keys: ["Mod+1"],
    enabled: isOpen, run: () => panes.picture?.oneToOne(),
  },
];

export const diagramCommands: readonly Command[] = [
  submit, approve, returnToAuthor, reopen, ...levels, ...editing, ...draft,
];

/** Shows the regions' captions one after the other, each time it is asked. */
function nextRegion(): void {
  const { view, level, regionId } = open.now;
  if (view === null) return;
  const now = level === "partial" ? view.regions.findIndex((region) => region.id === regionId) : -1;
  showLevel("partial", view.regions[(now + 1) % view.regions.length]?.id ?? null);
}

async function changeState(ask: (id: string) => Promise<State>, failure: Key): Promise<boolean> {
  const { id } = open;
  if (id === null) return false;
  try {
    await panes.caption?.leave();
    const state = await ask(id);
    setDiagramState(id, state);
    patchRow(id, { state });
  } catch (thrown) {
    fail(failure, thrown);
    return false;
  }
  await Promise.all([renewOpen(), refreshQueue()]);
  return true;
}
