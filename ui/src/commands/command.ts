/** What an action is. Buttons, menus, the palette, the shortcut sheet and the keyboard all read the same objects. */
import { type Key, t } from "../i18n";
import type { PlaceName } from "../state/place.svelte";

export type Group = "diagram" | "caption" | "drafting" | "questions" | "review" | "work" | "picture" | "go" | "workspace" | "view";

export interface Command {
  readonly id: string;
  readonly group: Group;
  readonly title: Key;
  /** What the title is filled with. */
  readonly values?: Readonly<Record<string, string | number>>;
  /** Texts that the title `actions.named` puts together: what is chosen, and which of it. */
  readonly names?: readonly [Key, Key];
  /** Chords that run it, the one to show first. */
  readonly keys: readonly string[];
  /** Chords that run it while the keyboard is within what a CSS selector finds, where they mean something else elsewhere. */
  readonly keysWithin?: { readonly within: string; readonly keys: readonly string[] };
  /** Places of the window in which it can be run; all of them where nothing is said. */
  readonly places?: readonly PlaceName[];
  /** Whether it also runs while a dialog is open. */
  readonly anywhere?: boolean;
  /** Whether it can run now; read in templates, so made of reactive state only. */
  enabled(): boolean;
  run(): unknown;
}

/** The title as it is shown, in the language on show. */
export function titleOf({ title, values, names }: Pick<Command, "title" | "values" | "names">): string {
  return t(title, { ...values, ...(names === undefined ? {} : { what: t(names[0]), which: t(names[1]) }) });
}
