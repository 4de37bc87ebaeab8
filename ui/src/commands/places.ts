/** Commands that go to the places of the window. */
import type { Key } from "../i18n";
import { goTo, place, PLACES, type PlaceName } from "../state/place.svelte";
import { SECTIONS, showSection } from "../state/section.svelte";
import { session } from "../state/session.svelte";
import type { Command } from "./command";

const TITLES: Record<PlaceName, Key> = {
  annotate: "command.go_annotate",
  questions: "command.go_questions",
  review: "command.go_review",
  board: "command.go_board",
  settings: "command.go_settings",
};

const sections: Command[] = SECTIONS.map((name) => ({
  id: `settings.${name}`, group: "go", title: `people.sections.${name}`, keys: [],
  enabled: () => session.now.workspace !== null,
  run: () => (showSection(name), goTo("settings")),
}));

const places: Command[] = PLACES.map((name, index) => ({
  id: `go.${name}`, group: "go", title: TITLES[name], keys: [`Alt+Shift+${index + 1}`],
  enabled: () => session.now.workspace !== null && place.now !== name,
  run: () => goTo(name),
}));

export const placeCommands: readonly Command[] = [...places, ...sections];
