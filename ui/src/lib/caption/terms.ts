/**
 * Terms of the glossary inside the editor: preferred ones underlined quietly, forbidden wordings as warnings. What was
 * found moves with the words until the next answer.
 */
import { type EditorState, type Extension, StateEffect, StateField, type TransactionSpec } from "@codemirror/state";
import { Decoration, EditorView, hoverTooltip, keymap, showTooltip, type Tooltip } from "@codemirror/view";
import type { Term, TermHit } from "../../backend";
import { unitsAt } from "./links";

/** A term where it stands, in UTF-16 units. */
export interface Hit {
  readonly from: number;
  readonly to: number;
  readonly term: string;
  readonly preferred: string | null;
}

const setHits = StateEffect.define<readonly Hit[]>();

const hitsField = StateField.define<readonly Hit[]>({
  create: () => [],
  update(hits, transaction) {
    for (const effect of transaction.effects) if (effect.is(setHits)) return effect.value;
    if (!transaction.docChanged) return hits;
    return hits
      .map((hit) => ({ ...hit, from: transaction.changes.mapPos(hit.from, 1), to: transaction.changes.mapPos(hit.to, -1) }))
      .filter(({ from, to }) => from < to);
  },
});

const setCard = StateEffect.define<Hit | null>();

/** The term whose card was asked for by a key; it closes when the cursor leaves or the words change. */
const cardField = StateField.define<Hit | null>({
  create: () => null,
  update(card, transaction) {
    for (const effect of transaction.effects) if (effect.is(setCard)) return effect.value;
    return transaction.docChanged || transaction.selection !== undefined ? null : card;
  },
});

/** What an editor needs to show terms; `find` names the entry that a card is about. */
export function termMarks(find: (id: string) => Term | undefined): Extension {
  const marks = (state: EditorState) =>
    Decoration.set(
      state.field(hitsField).map(({ from, to, preferred }) =>
        Decoration.mark({ class: preferred === null ? "cm-term" : "cm-forbidden" }).range(from, to),
      ),
      true,
    );
  const tooltip = (hit: Hit | null): Tooltip | null => {
    const term = hit === null ? undefined : find(hit.term);
    if (hit === null || term === undefined) return null;
    return { pos: hit.from, end: hit.to, above: true, create: () => ({ dom: card(term, hit.preferred) }) };
  };
  return [
    hitsField,
    cardField,
    EditorView.decorations.compute([hitsField], marks),
    hoverTooltip((view, at) => tooltip(hitAt(view.state, at))),
    showTooltip.from(cardField, tooltip),
    keymap.of([{ key: "Escape", run: closeCard }]),
  ];
}

function closeCard({ state, dispatch }: EditorView): boolean {
  if (state.field(cardField) === null) return false;
  dispatch({ effects: setCard.of(null) });
  return true;
}

/** Shows the card of the term at the cursor, or closes it; null where there is no term. */
export function toggleCard(state: EditorState): TransactionSpec | null {
  if (state.field(cardField, false) !== null) return { effects: setCard.of(null) };
  const hit = hitAt(state, state.selection.main.head);
  return hit === null ? null : { effects: setCard.of(hit) };
}

function card(term: Term, preferred: string | null): HTMLElement {
  const dom = document.createElement("div");
  dom.className = "cm-term-card";
  // Read out when it comes by a key: the editor keeps the focus.
  dom.setAttribute("role", "status");
  dom.dataset["testid"] = "term-card";
  const line = (text: string, name: string): void => {
    if (text === "") return;
    const row = document.createElement("p");
    row.className = name;
    row.textContent = text;
    dom.append(row);
  };
  if (preferred !== null) line(`→ ${preferred}`, "preferred");
  line([term.en, term.zh].filter((word) => word !== "").join(" · "), "pair");
  line(term.expansion, "expansion");
  line(term.definition, "definition");
  return dom;
}

/** Shows what was found in the text `text`; nothing where the editor has another text by now. */
export function showHits(state: EditorState, text: string, hits: readonly TermHit[]): TransactionSpec | null {
  if (state.doc.toString() !== text) return null;
  const placed = hits.map(({ start, end, term_id, preferred }) => ({
    from: unitsAt(text, start), to: unitsAt(text, end), term: term_id, preferred,
  }));
  return { effects: setHits.of(placed) };
}

/** What stands at a place: between two terms the one that begins there, a wording to avoid before any other. */
export function hitAt(state: EditorState, at: number): Hit | null {
  const there = (state.field(hitsField, false) ?? []).filter(({ from, to }) => from <= at && at <= to);
  return there.find(({ preferred }) => preferred !== null) ?? there.find(({ to }) => at < to) ?? there[0] ?? null;
}

/** Forbidden wordings, in reading order. */
export function warnings(state: EditorState): readonly Hit[] {
  return (state.field(hitsField, false) ?? []).filter(({ preferred }) => preferred !== null);
}

/** Puts the preferred term in place of the forbidden wording at the cursor; null where there is none. */
export function applyPreferred(state: EditorState): TransactionSpec | null {
  const hit = warnings(state).find(({ from, to }) => from <= state.selection.main.head && state.selection.main.head <= to);
  if (hit === undefined || hit.preferred === null || state.readOnly) return null;
  return {
    changes: { from: hit.from, to: hit.to, insert: hit.preferred },
    selection: { anchor: hit.from + hit.preferred.length },
    userEvent: "input.term",
  };
}

/** The next warning after the cursor, round the end of the text, with its card; null where there is none. */
export function nextWarning(state: EditorState): TransactionSpec | null {
  const all = warnings(state);
  const hit = all.find(({ from }) => from > state.selection.main.from) ?? all[0];
  if (hit === undefined) return null;
  return { selection: { anchor: hit.from, head: hit.to }, effects: setCard.of(hit), scrollIntoView: true };
}
