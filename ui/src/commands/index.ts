/** Every action of the window, and the one place where keys run them. */
import { dialogs } from "../state/dialogs.svelte";
import { annotatingCommands } from "./annotating";
import { captionCommands } from "./captions";
import type { Command } from "./command";
import { diagramCommands } from "./diagram";
import { draftingCommands } from "./drafting";
import { matches } from "./keys";
import { placeCommands } from "./places";
import { questionsCommands } from "./questions";
import { reviewCommands } from "./review";
import { settingsCommands } from "./settings";
import { shellCommands } from "./shell";
import { workCommands } from "./work";

export type { Command, Group } from "./command";

/** All commands in the order in which menus and sheets show them. */
export const commands: readonly Command[] = [
  ...diagramCommands, ...annotatingCommands, ...captionCommands, ...draftingCommands, ...workCommands, ...questionsCommands,
  ...reviewCommands, ...settingsCommands, ...placeCommands, ...shellCommands,
];

/** Runs a command if it can run now. */
export function run(command: Command): void {
  if (command.enabled()) void command.run();
}

/**
 * Runs the command whose chord was pressed. Chords win over the editor's own; where a dialog is open only commands
 * marked `anywhere` run; unmodified characters stay with whoever is typing.
 */
export function handleKey(event: KeyboardEvent): void {
  const command = commands.find((each) => each.keys.some((keys) => matches(event, keys)));
  if (command === undefined) return;
  if (event.key === "?" && isTyping(event.target)) return;
  if (dialogs.current !== null && command.anywhere !== true) return;
  event.preventDefault();
  event.stopPropagation();
  run(command);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
