/** Keys that parts of the window handle themselves while they have the keyboard: listed, never bound here. */
import type { Key } from "../i18n";
import type { PlaceName } from "../state/place.svelte";
import type { Group } from "./command";

export interface WidgetKeys {
  readonly group: Group | "lists";
  readonly title: Key;
  readonly keys: readonly string[];
  readonly places: readonly PlaceName[];
}

const PICTURES = ["annotate", "questions", "review"] as const;
const LISTS = ["annotate", "questions", "review", "settings"] as const;
const ANNOTATE = ["annotate"] as const;
const QUESTIONS = ["questions"] as const;

export const widgetKeys: readonly WidgetKeys[] = [
  { group: "lists", title: "actions.keys.move", keys: ["ArrowUp", "ArrowDown"], places: LISTS },
  { group: "lists", title: "actions.keys.pages", keys: ["PageUp", "PageDown", "Home", "End"], places: LISTS },
  { group: "lists", title: "actions.keys.enter", keys: ["Enter"], places: ["annotate", "questions"] },
  { group: "lists", title: "actions.keys.pick", keys: ["Space"], places: ANNOTATE },
  { group: "lists", title: "actions.keys.pick_more", keys: ["Shift+ArrowUp", "Shift+ArrowDown"], places: ANNOTATE },
  { group: "lists", title: "actions.keys.unpick", keys: ["Escape"], places: ANNOTATE },
  { group: "picture", title: "actions.keys.pan", keys: ["Arrows"], places: PICTURES },
  { group: "picture", title: "actions.keys.zoom", keys: ["+", "-"], places: PICTURES },
  { group: "picture", title: "actions.keys.fit", keys: ["0", "1"], places: PICTURES },
  { group: "picture", title: "actions.keys.draw", keys: ["Enter"], places: ANNOTATE },
  { group: "picture", title: "actions.keys.drop", keys: ["Escape"], places: ANNOTATE },
  { group: "picture", title: "actions.keys.nudge", keys: ["Arrows"], places: ANNOTATE },
  { group: "picture", title: "actions.keys.nudge_far", keys: ["Shift+Arrows"], places: ANNOTATE },
  { group: "picture", title: "actions.keys.resize", keys: ["Mod+Arrows"], places: ANNOTATE },
  { group: "picture", title: "actions.keys.resize_far", keys: ["Mod+Shift+Arrows"], places: ANNOTATE },
  { group: "picture", title: "actions.keys.rename", keys: ["F2"], places: ANNOTATE },
  { group: "picture", title: "actions.keys.remove", keys: ["Delete"], places: ANNOTATE },
  { group: "caption", title: "actions.keys.text_undo", keys: ["Mod+Z", "Mod+Shift+Z"], places: ANNOTATE },
  { group: "caption", title: "actions.keys.send", keys: ["Mod+Enter"], places: ANNOTATE },
  { group: "review", title: "actions.keys.send", keys: ["Mod+Enter"], places: ["review"] },
  { group: "questions", title: "actions.keys.mark", keys: ["Alt+K"], places: QUESTIONS },
  { group: "questions", title: "actions.keys.shift", keys: ["Alt+ArrowUp", "Alt+ArrowDown"], places: QUESTIONS },
  { group: "questions", title: "actions.keys.next_option", keys: ["Enter"], places: QUESTIONS },
  { group: "questions", title: "actions.keys.choose", keys: ["A", "1"], places: QUESTIONS },
  { group: "questions", title: "actions.keys.answer", keys: ["Enter", "Escape"], places: QUESTIONS },
];
