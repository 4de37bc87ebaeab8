/**
 * The text editor of a caption: CodeMirror with history, search and wrapping, and its state as JSON so that
 * undo works across a restart. It knows nothing of saving: it only tells that the text changed.
 */
import { history, historyField, historyKeymap, standardKeymap } from "@codemirror/commands";
import { closeSearchPanel, findNext, findPrevious, search } from "@codemirror/search";
import { Compartment, EditorState, type Extension, Transaction, type TransactionSpec } from "@codemirror/state";
import { drawSelection, EditorView, type KeyBinding, keymap, placeholder, tooltips } from "@codemirror/view";
import type { SpanLink } from "../../backend";
import { cspNonce } from "../csp";
import { glossary } from "../../state/glossary.svelte";
import { commenting } from "./comments";
import { changesLinks, linking, withLinks } from "./links";
import { termMarks } from "./terms";
import { captionTheme } from "./theme";

/** Longest JSON of an editor state that is stored with its undo history, in characters. */
export const LONGEST_STATE = 1024 * 1024;

const fields = { history: historyField };

/** Words that the editor shows or speaks, in the language shown now. */
export interface EditorWords {
  label: string;
  placeholder: string;
  /** CodeMirror's own English phrases, translated. */
  phrases: Record<string, string>;
}

/** What may change while a state lives: whether it can be typed in, and its words. */
export interface EditorSettings {
  read_only: boolean;
  words: EditorWords;
}

const settings = new Compartment();

/** Finding only: the other keys of code editors (Mod-f, Mod-d, Mod-Enter, …) belong to the window. */
const findScope = "editor search-panel";
const findKeys: KeyBinding[] = [
  { key: "F3", run: findNext, shift: findPrevious, scope: findScope, preventDefault: true },
  { key: "Mod-g", run: findNext, shift: findPrevious, scope: findScope, preventDefault: true },
  { key: "Escape", run: closeSearchPanel, scope: findScope },
];

function settingsExtension({ read_only, words }: EditorSettings): Extension {
  return [
    EditorState.readOnly.of(read_only),
    EditorState.phrases.of(words.phrases),
    EditorView.contentAttributes.of({
      "aria-label": words.label,
      "aria-readonly": String(read_only),
      "data-testid": "caption-editor",
      spellcheck: "true",
    }),
    placeholder(words.placeholder),
  ];
}

function extensions(now: EditorSettings): Extension {
  return [
    history({ minDepth: 500 }),
    drawSelection(),
    search({ top: true }),
    EditorView.lineWrapping,
    EditorView.cspNonce.of(cspNonce()),
    keymap.of([...findKeys, ...historyKeymap, ...standardKeymap]),
    captionTheme,
    linking,
    // Above the first line there is no room inside the editor.
    tooltips({ parent: document.body }),
    commenting,
    termMarks((id) => glossary.terms.find((term) => term.id === id)),
    cursorStaysInView(),
    settings.of(settingsExtension(now)),
  ];
}

/** Where the editor shrinks, as when a notice appears above it, the place that is being typed at stays in view. */
function cursorStaysInView(): Extension {
  let height = 0;
  return EditorView.updateListener.of(({ view, geometryChanged }) => {
    if (!geometryChanged) return;
    const before = height;
    height = view.scrollDOM.clientHeight;
    if (height < before && view.hasFocus) view.dispatch({ effects: EditorView.scrollIntoView(view.state.selection.main) });
  });
}

/** A state for `text` and its links, with the undo history stored in `stored` if that was made for the same text. */
export function openState(text: string, stored: string | null, now: EditorSettings, links: readonly SpanLink[] = []): EditorState {
  return withLinks(restored(text, stored, now), links);
}

function restored(text: string, stored: string | null, now: EditorSettings): EditorState {
  const config = { extensions: extensions(now) };
  if (stored !== null) {
    try {
      const state = EditorState.fromJSON(JSON.parse(stored), config, fields);
      if (state.doc.toString() === text) return state;
    } catch {
      // A state from another version of the editor: the text is what counts.
    }
  }
  return EditorState.create({ ...config, doc: text });
}

/** The state as JSON, without its history where that would be too long. */
export function storeState(state: EditorState): string {
  const whole = JSON.stringify(state.toJSON(fields));
  return whole.length <= LONGEST_STATE ? whole : JSON.stringify(state.toJSON());
}

/** Changes whether a live editor can be typed in, and its words. */
export function applySettings(view: EditorView, now: EditorSettings): void {
  view.dispatch({ effects: settings.reconfigure(settingsExtension(now)) });
}

/** The smallest change that turns the state's text into `text`: keeps the cursor where it can. */
export function changeTo(state: EditorState, text: string): { from: number; to: number; insert: string } {
  const old = state.doc.toString();
  const limit = Math.min(old.length, text.length);
  let start = 0;
  while (start < limit && old[start] === text[start]) start++;
  let end = 0;
  while (end < limit - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
  return { from: start, to: old.length - end, insert: text.slice(start, text.length - end) };
}

/** Somebody else's change of the text to `text`: not an edit, and not undone by this person's undo. */
export function remoteChange(state: EditorState, text: string): TransactionSpec {
  const annotations = [Transaction.addToHistory.of(false), Transaction.remote.of(true)];
  return { changes: changeTo(state, text), annotations };
}

/** The state after somebody else's change of the text. */
export function withText(state: EditorState, text: string): EditorState {
  return state.doc.toString() === text ? state : state.update(remoteChange(state, text)).state;
}

/** The live editor. */
export interface LiveEditor {
  view: EditorView;
  /** Reports at once an edit that is held back by a composition; for leaving the caption. */
  settle(): void;
}

/**
 * Makes the live editor in `parent`. `changed` is called with every new state, and whether the person edited the
 * text; never in the middle of a composition (IME), whose edit is reported when it ends.
 */
export function mountEditor(
  parent: HTMLElement,
  state: EditorState,
  changed: (state: EditorState, edited: boolean) => void,
): LiveEditor {
  let heldBack = false;
  const settle = (): void => {
    const edited = heldBack;
    heldBack = false;
    changed(view.state, edited);
  };
  const settleUnlessComposing = (): void => {
    if (!view.composing) settle();
  };
  const view: EditorView = new EditorView({
    parent,
    state,
    dispatchTransactions: (transactions, current) => {
      current.update(transactions);
      heldBack ||= transactions.some((each) => (each.docChanged || changesLinks(each)) && !each.annotation(Transaction.remote));
      settleUnlessComposing();
    },
  });
  view.contentDOM.addEventListener("compositionend", () => setTimeout(settleUnlessComposing, 50));
  return { view, settle };
}
