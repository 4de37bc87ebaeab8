/** Commands of the window itself: going places, the workspace, looks. */
import { shownLanguage } from "../i18n";
import { showDialog } from "../state/dialogs.svelte";
import { layout, toggleContext } from "../state/layout.svelte";
import { openNeighbour } from "../state/navigation";
import { panes } from "../state/panes";
import { queue } from "../state/queue.svelte";
import { changeSettings, session } from "../state/session.svelte";
import { transfer } from "../state/transfer.svelte";
import { undoable, undoLast } from "../state/undo.svelte";
import type { Command } from "./command";

const working = (): boolean => session.now.workspace !== null;
const always = (): boolean => true;

export const palette: Command = {
  id: "palette", group: "go", title: "command.palette", keys: ["Mod+K"],
  enabled: always, run: () => showDialog("palette"),
};
export const next: Command = {
  id: "next", group: "go", title: "command.next", keys: ["Alt+ArrowDown"], places: ["annotate"],
  enabled: () => queue.now.total > 0, run: () => openNeighbour(true),
};
export const previous: Command = {
  id: "previous", group: "go", title: "command.previous", keys: ["Alt+ArrowUp"], places: ["annotate"],
  enabled: () => queue.now.total > 0, run: () => openNeighbour(false),
};
const search: Command = {
  id: "search", group: "go", title: "command.search", keys: ["Mod+F"],
  enabled: working, run: () => {
    const list = panes.queue ?? panes.question;
    if (list === undefined || !layout.queueShown) showDialog("palette");
    else list.focusSearch();
  },
};
const focusNext: Command = {
  id: "focus.next", group: "go", title: "command.focus_next", keys: ["F6"],
  enabled: working, run: cycleFocus,
};
export const importFiles: Command = {
  id: "import", group: "workspace", title: "command.import", keys: ["Mod+I"],
  enabled: working, run: () => showDialog("import"),
};
export const exportFiles: Command = {
  id: "export", group: "workspace", title: "command.export", keys: ["Mod+E"],
  enabled: working, run: () => showDialog("export"),
};
export const openWorkspace: Command = {
  id: "open", group: "workspace", title: "command.open", keys: ["Mod+O"],
  enabled: () => working() && !transfer.import.running, run: () => showDialog("workspace"),
};
export const theme: Command = {
  id: "theme", group: "view", title: "command.theme", keys: ["Mod+Shift+L"], anywhere: true,
  enabled: always, run: () => changeSettings({ theme: session.theme === "dark" ? "light" : "dark" }),
};
const systemTheme: Command = {
  id: "theme.system", group: "view", title: "command.theme_system", keys: [],
  enabled: () => session.now.settings.theme !== "system", run: () => changeSettings({ theme: "system" }),
};
export const language: Command = {
  id: "language", group: "view", title: "command.language", keys: ["Mod+Shift+E"], anywhere: true,
  enabled: always, run: () => changeSettings({ language: shownLanguage() === "en" ? "zh-CN" : "en" }),
};
const systemLanguage: Command = {
  id: "language.system", group: "view", title: "command.language_system", keys: [],
  enabled: () => session.now.settings.language !== "system", run: () => changeSettings({ language: "system" }),
};
export const undoLastChange: Command = {
  id: "undo.last", group: "go", title: "undo.command", keys: ["Mod+Shift+Backspace"],
  enabled: () => undoable.last !== null && !undoable.busy, anywhere: true, run: undoLast,
};
export const context: Command = {
  id: "context", group: "view", title: "command.context", keys: ["Mod+Shift+I"],
  enabled: working, run: toggleContext,
};
export const shortcuts: Command = {
  id: "shortcuts", group: "view", title: "command.shortcuts", keys: ["F1", "Mod+/", "?"],
  enabled: always, run: () => showDialog("shortcuts"),
};

export const shellCommands: readonly Command[] = [
  next, previous, search, focusNext, palette, undoLastChange, importFiles, exportFiles, openWorkspace,
  theme, systemTheme, language, systemLanguage, context, shortcuts,
];

/** From one part of the place to the next, starting from wherever the keyboard is. */
function cycleFocus(): void {
  const marked = [...document.querySelectorAll<HTMLElement>("main [data-pane]")];
  const parts = marked.length > 0 ? marked : [...document.querySelectorAll<HTMLElement>("main section")];
  const at = parts.findIndex((part) => part.contains(document.activeElement));
  const next = parts[(at + 1) % parts.length];
  const name = next?.dataset["pane"];
  if (name === "picture") panes.picture?.focus();
  else if (name === "caption") panes.caption?.focus();
  else if (name === "queue") panes.queue?.focusList();
  else next?.querySelector<HTMLElement>("[role=listbox], textarea:not(:disabled), [tabindex='0'], button:not(:disabled)")?.focus();
}
