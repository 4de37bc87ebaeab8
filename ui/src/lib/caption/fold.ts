/** Turns the hunks of a word diff into pieces to draw, with long unchanged stretches folded away. */
import type { Hunk } from "../../backend";

/** A stretch of text drawn in one way; a fold holds the text that it hides. */
export interface Piece {
  kind: "equal" | "insert" | "delete" | "fold";
  text: string;
}

/** Unchanged characters that stay visible on each side of a difference. */
export const CONTEXT = 80;
/** Fewest characters worth hiding. */
export const FOLD_AT_LEAST = 120;

/** The pieces of `hunks` in reading order; a replacement is a deletion followed by an insertion. */
export function pieces(hunks: Hunk[]): Piece[] {
  return hunks.flatMap((hunk, index) => {
    if (hunk.kind === "equal") return foldEqual(hunk.after, index === 0, index === hunks.length - 1);
    const both: Piece[] = [
      { kind: "delete", text: hunk.before },
      { kind: "insert", text: hunk.after },
    ];
    return both.filter(({ text }) => text !== "");
  });
}

function foldEqual(text: string, isFirst: boolean, isLast: boolean): Piece[] {
  const start = isFirst ? 0 : wordEnd(text, CONTEXT);
  const end = isLast ? text.length : wordStart(text, text.length - CONTEXT);
  if ((isFirst && isLast) || end - start < FOLD_AT_LEAST) return [{ kind: "equal", text }];
  const parts: Piece[] = [
    { kind: "equal", text: text.slice(0, start) },
    { kind: "fold", text: text.slice(start, end) },
    { kind: "equal", text: text.slice(end) },
  ];
  return parts.filter((part) => part.text !== "");
}

/** The end of the word at `at`, looking a little ahead; text without spaces is cut between characters. */
function wordEnd(text: string, at: number): number {
  const space = text.slice(at, at + 20).search(/\s/);
  return betweenCharacters(text, space < 0 ? at : at + space);
}

function wordStart(text: string, at: number): number {
  const before = text.slice(Math.max(0, at - 20), Math.max(0, at));
  const space = before.search(/\s\S*$/);
  return betweenCharacters(text, space < 0 ? at : at - before.length + space + 1);
}

function betweenCharacters(text: string, at: number): number {
  const splitsPair = /[\uDC00-\uDFFF]/.test(text.charAt(at)) && /[\uD800-\uDBFF]/.test(text.charAt(at - 1));
  return splitsPair ? at + 1 : at;
}
