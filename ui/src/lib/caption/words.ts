/** The editor's own phrases (search panel) in the language shown now. */
import { type Key, t } from "../../i18n";

const phrases: Record<string, Key> = {
  Find: "caption.find.find",
  Replace: "caption.find.replace_with",
  next: "caption.find.next",
  previous: "caption.find.previous",
  all: "caption.find.all",
  "match case": "caption.find.match_case",
  regexp: "caption.find.regexp",
  "by word": "caption.find.by_word",
  replace: "caption.find.replace",
  "replace all": "caption.find.replace_all",
  close: "caption.find.close",
  "current match": "caption.find.current_match",
  "on line": "caption.find.on_line",
  "replaced $ matches": "caption.find.replaced_matches",
  "replaced match on line $": "caption.find.replaced_on_line",
};

/** CodeMirror's English phrases with their translations (reactive). */
export function editorPhrases(): Record<string, string> {
  return Object.fromEntries(Object.entries(phrases).map(([english, key]) => [english, t(key)]));
}
