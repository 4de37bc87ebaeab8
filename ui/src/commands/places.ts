/** Commands that go to the places of the window. */
import { tick } from "svelte";
import type { Key } from "../i18n";
import { goTo, place, PLACES, type PlaceName } from "../state/place.svelte";
import { type Section, SECTIONS, showSection } from "../state/section.svelte";
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

/** Goes to a part of the settings and puts the keyboard on something there. */
function inSettings(id: string, title: Key, name: Section, testid: string, press = false): Command {
  return {
    id, group: "go", title, keys: [], enabled: () => session.now.workspace !== null,
    run: async () => {
      showSection(name);
      goTo("settings");
      await tick();
      const found = document.querySelector<HTMLElement>(`[data-testid="${testid}"]`);
      if (press) found?.click();
      else found?.focus();
    },
  };
}
const settings: readonly Command[] = [
  inSettings("settings.diagnostics", "actions.diagnostics", "about", "diagnostics-path"),
  inSettings("settings.audit_export", "actions.audit", "audit", "audit-export-path"),
  inSettings("glossary.add", "actions.term_add", "glossary", "term-add", true),
  inSettings("glossary.read", "actions.terms_read", "glossary", "terms-from"),
  inSettings("glossary.write", "actions.terms_write", "glossary", "terms-export-path"),
];

export const placeCommands: readonly Command[] = [...places, ...sections, ...settings];
