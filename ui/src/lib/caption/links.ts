/**
 * Links from words to regions, inside the editor: they move with the words, are undone with them, and are counted
 * in code points outside (the editor counts UTF-16 units).
 */
import { invertedEffects } from "@codemirror/commands";
import { EditorState, type Extension, StateEffect, StateField, type Text, Transaction, type TransactionSpec } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import type { SpanLink } from "../../backend";

/** A link in UTF-16 units. */
export interface Link {
  readonly from: number;
  readonly to: number;
  readonly region: string;
}

const setLinks = StateEffect.define<readonly Link[]>();

const linksField = StateField.define<readonly Link[]>({
  create: () => [],
  update(links, transaction) {
    let next = links;
    if (transaction.docChanged) {
      next = links
        .map(({ from, to, region }) => ({ from: transaction.changes.mapPos(from, 1), to: transaction.changes.mapPos(to, -1), region }))
        .filter(({ from, to }) => from < to);
    }
    for (const effect of transaction.effects) if (effect.is(setLinks)) next = effect.value;
    return next;
  },
});

const setLit = StateEffect.define<readonly string[]>();

/** Regions whose words are lit. */
const litField = StateField.define<readonly string[]>({
  create: () => [],
  update(lit, { effects }) {
    for (const effect of effects) if (effect.is(setLit)) return effect.value;
    return lit;
  },
});

function marks(state: EditorState): DecorationSet {
  const lit = state.field(litField);
  const ranges = state.field(linksField).map(({ from, to, region }) =>
    Decoration.mark({ class: lit.includes(region) ? "cm-link cm-lit" : "cm-link", attributes: { "data-region": region } }).range(from, to),
  );
  return Decoration.set(ranges, true);
}

/** Lights the words of regions, and no others; null where they are lit already. */
export function lightWords(state: EditorState, regions: readonly string[]): TransactionSpec | null {
  const now = state.field(litField);
  const same = now.length === regions.length && now.every((each, index) => each === regions[index]);
  return same ? null : { effects: setLit.of(regions) };
}

/** What an editor needs to hold links and show them. */
export const linking: Extension = [
  linksField,
  litField,
  EditorView.decorations.compute([linksField, litField], marks),
  invertedEffects.of((transaction) =>
    transaction.effects.some((effect) => effect.is(setLinks)) || transaction.docChanged
      ? [setLinks.of(transaction.startState.field(linksField))]
      : [],
  ),
];

/** Whether a transaction changes links by itself, not merely because words moved. */
export function changesLinks(transaction: { effects: readonly StateEffect<unknown>[] }): boolean {
  return transaction.effects.some((effect) => effect.is(setLinks));
}

/** UTF-16 units before the code point `index` of a text. */
export function unitsAt(text: string, index: number): number {
  let units = 0;
  for (let left = index; left > 0 && units < text.length; left -= 1) units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units;
}

/** Code points before the UTF-16 unit `index` of a text. */
export function pointsAt(text: string, index: number): number {
  let points = 0;
  for (let at = 0; at < index; points += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return points;
}

/** The links of a state, in code points and in order. */
export function linksOf(state: EditorState): SpanLink[] {
  const text = state.doc.toString();
  const links = state.field(linksField, false) ?? [];
  return links
    .map(({ from, to, region }) => ({ start: pointsAt(text, from), end: pointsAt(text, to), region_id: region }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

/** Puts stored links into a state; not an edit. */
export function withLinks(state: EditorState, links: readonly SpanLink[]): EditorState {
  const change = linksChange(state, links);
  return change === null ? state : state.update(change).state;
}

/** Stored links as a change of a live editor's state; null where it has them already. */
export function linksChange(state: EditorState, links: readonly SpanLink[]): TransactionSpec | null {
  if (JSON.stringify(linksOf(state)) === JSON.stringify(links)) return null;
  const text = state.doc.toString();
  const length = pointsAt(text, text.length);
  const fits = links.filter(({ start, end }) => start < end && end <= length);
  const stored = fits.map(({ start, end, region_id }) => ({ from: unitsAt(text, start), to: unitsAt(text, end), region: region_id }));
  return { effects: setLinks.of(stored), annotations: [Transaction.remote.of(true), Transaction.addToHistory.of(false)] };
}

/** Links the selected words to a region, in place of what they were linked to; null where nothing is selected. */
export function linkSelection(state: EditorState, region: string): TransactionSpec | null {
  const { from, to } = trimmed(state.doc, state.selection.main);
  if (from === to) return null;
  const others = state.field(linksField).filter((link) => link.to <= from || link.from >= to);
  return { effects: setLinks.of([...others, { from, to, region }].sort((a, b) => a.from - b.from)) };
}

/** Removes the links that the selection or the cursor touches; null where there is none. */
export function unlinkSelection(state: EditorState): TransactionSpec | null {
  const { from, to } = state.selection.main;
  const links = state.field(linksField);
  const others = links.filter((link) => link.to < from || link.from > to);
  return others.length === links.length ? null : { effects: setLinks.of(others) };
}

/** The region that the words at a place are linked to. */
export function regionAt(state: EditorState, at: number): string | null {
  return state.field(linksField).find(({ from, to }) => from <= at && at <= to)?.region ?? null;
}

function trimmed(doc: Text, { from, to }: { from: number; to: number }): { from: number; to: number } {
  const text = doc.sliceString(from, to);
  const start = text.length - text.trimStart().length;
  return { from: from + Math.min(start, text.length), to: to - (text.trim() === "" ? 0 : text.length - text.trimEnd().length) };
}
