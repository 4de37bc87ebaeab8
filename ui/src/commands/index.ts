/** Every action of the window, and the one place where keys run them. */
import { dialogs } from "../state/dialogs.svelte";
import { annotatingCommands } from "./annotating";
import { captionCommands } from "./captions";
import { place, type PlaceName } from "../state/place.svelte";
import type { Command } from "./command";
import { diagramCommands, pictureCommands } from "./diagram";
import { draftingCommands } from "./drafting";
import { session } from "../state/session.svelte";
import { matches } from "./keys";
import { placeCommands } from "./places";
import { questionsCommands } from "./questions";
import { reviewCommands } from "./review";
import { shellCommands } from "./shell";
import { workCommands } from "./work";

export type { Command, Group } from "./command";

/** What is done to a caption is done where captions are; pictures are looked at in three places. */
const only = (places: readonly PlaceName[], all: readonly Command[]): Command[] => all.map((command) => ({ places, ...command }));

/** All commands in the order in which menus and sheets show them. */
export const commands: readonly Command[] = [
  ...only(["annotate"], [...diagramCommands, ...annotatingCommands, ...captionCommands]), ...workCommands, ...questionsCommands,
  ...reviewCommands, ...only(["annotate", "questions", "review"], pictureCommands), ...draftingCommands, ...placeCommands, ...shellCommands,
];

/** Whether a command has its place where the person is. */
export function isHere({ places }: Command): boolean {
  return places === undefined || session.now.workspace === null || places.includes(place.now);
}

/** Runs a command if it can run now. */
export function run(command: Command): void {
  if (command.enabled()) void command.run();
}

/**
 * Runs the command whose chord was pressed. Chords win over the editor's own; where a dialog is open only commands
 * marked `anywhere` run; unmodified characters stay with whoever is typing, and so do the chords that a field names
 * as its own (`data-keys`).
 */
export function handleKey(event: KeyboardEvent): void {
  const command = commands.find((each) => isHere(each) && each.keys.some((keys) => matches(event, keys)));
  if (command === undefined) return;
  if (isBare(event) && isTyping(event.target)) return;
  if (isOwn(event)) return;
  if (dialogs.current !== null && command.anywhere !== true) return;
  event.preventDefault();
  event.stopPropagation();
  run(command);
}

/** A key without modifiers: it belongs to whoever types, and to lists that are open. */
function isBare(event: KeyboardEvent): boolean {
  return event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
}

function isOwn(event: KeyboardEvent): boolean {
  const field = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-keys]") : null;
  return (field?.dataset["keys"] ?? "").split(" ").some((keys) => keys !== "" && matches(event, keys));
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select, .select-list *, .select[aria-expanded=true]"));
}
