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
import { engineCommands } from "./engine";
import { listCommands, savedFilterCommands } from "./lists";
import { offeredCommands } from "./offered";
import { shellCommands } from "./shell";
import { workCommands } from "./work";

export { type Command, type Group, titleOf } from "./command";

/** What is done to a caption is done where captions are; pictures are looked at in three places. */
const only = (places: readonly PlaceName[], all: readonly Command[]): Command[] => all.map((command) => ({ places, ...command }));

/** All commands in the order in which menus and sheets show them. */
export const commands: readonly Command[] = [
  ...only(["annotate"], [...diagramCommands, ...annotatingCommands, ...captionCommands]), ...workCommands, ...questionsCommands,
  ...reviewCommands, ...only(["annotate", "questions", "review"], pictureCommands), ...offeredCommands, ...draftingCommands, ...engineCommands, ...listCommands, ...placeCommands, ...shellCommands,
];

/** As `commands`, with those that come and go with what people keep in the workspace. */
export function everyCommand(): readonly Command[] {
  return [...commands, ...savedFilterCommands()];
}

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
 * marked `anywhere` run; unmodified characters stay with whoever is typing, and with everybody while their command
 * cannot run; and the chords that a field names as its own (`data-keys`) stay with it.
 */
export function handleKey(event: KeyboardEvent): void {
  const command = commands.find((each) => isHere(each) && isFor(each, event));
  if (command === undefined) return;
  if (isPlain(event) && (!command.enabled() || (event.key.length === 1 && isField(event.target, TYPED_IN)))) return;
  if (isOwn(event)) return;
  if (dialogs.current !== null && command.anywhere !== true) return;
  event.preventDefault();
  event.stopPropagation();
  run(command);
}

/** Where characters are text, or choose from an open list or menu. */
const TYPED_IN = [
  "input:not([type=radio], [type=checkbox], [type=range], [type=button])", "textarea", "select", "[contenteditable=true]",
  ".select-list *", ".select[aria-expanded=true]", "[role=menu]", "[role=menu] *",
].join(", ");

function isFor({ keys, keysWithin }: Command, event: KeyboardEvent): boolean {
  if (keys.some((each) => matches(event, each))) return true;
  const { target } = event;
  return keysWithin !== undefined && target instanceof Element && !isField(target, TYPED_IN) && target.closest(keysWithin.within) !== null
    && keysWithin.keys.some((each) => matches(event, each));
}

/** A key without modifiers: characters among them belong to whoever types, and to lists that are open. */
function isPlain(event: KeyboardEvent): boolean {
  return !event.ctrlKey && !event.metaKey && !event.altKey;
}

function isOwn(event: KeyboardEvent): boolean {
  const field = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-keys]") : null;
  return (field?.dataset["keys"] ?? "").split(" ").some((keys) => keys !== "" && matches(event, keys));
}

function isField(target: EventTarget | null, selector: string): boolean {
  return target instanceof HTMLElement && target.matches(selector);
}
