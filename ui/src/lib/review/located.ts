/** Where the pieces of a drawn difference lie in the expert's text, and what a selection of them covers. */
import type { Hunk } from "../../backend";
import { pieces, type Piece } from "../caption/fold";

export interface Located extends Piece {
  /** UTF-16 units of the new text before this piece; for a deletion, where it was. */
  readonly start: number;
  /** The change it belongs to, from 0; null where nothing changed. */
  readonly change: number | null;
}

/** The pieces of a difference in reading order, each with its place in the new text. */
export function located(hunks: Hunk[]): Located[] {
  let start = 0;
  let change = -1;
  let inChange = false;
  return pieces(hunks).map((piece) => {
    const isChange = piece.kind === "delete" || piece.kind === "insert";
    // A deletion begins a change; an insertion does so unless it replaces the deletion before it.
    if (isChange && (!inChange || piece.kind === "delete")) change += 1;
    inChange = isChange && piece.kind === "delete";
    const here = { ...piece, start, change: isChange ? change : null };
    if (piece.kind !== "delete") start += piece.text.length;
    return here;
  });
}

/** A change as a person speaks of it. */
export interface Change {
  readonly before: string;
  readonly after: string;
  /** UTF-16 units of the new text before it. */
  readonly start: number;
}

export function changesOf(all: readonly Located[]): Change[] {
  const changes: Change[] = [];
  for (const { change, kind, text, start } of all) {
    if (change === null) continue;
    const known = changes[change] ?? { before: "", after: "", start };
    changes[change] = kind === "delete" ? { ...known, before: text } : { ...known, after: text };
  }
  return changes;
}

/** The stretch of the new text that a selection covers, in UTF-16 units; null where it covers none of it. */
export function selected(root: HTMLElement, selection: Selection | null): { start: number; end: number } | null {
  if (selection === null || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  if (!root.contains(range.commonAncestorContainer)) return null;
  let start = Infinity;
  let end = -Infinity;
  for (const element of root.querySelectorAll<HTMLElement>("[data-start]")) {
    const node = element.firstChild;
    if (node === null || !range.intersectsNode(node)) continue;
    const at = Number(element.dataset["start"]);
    const length = node.textContent?.length ?? 0;
    const from = range.startContainer === node ? range.startOffset : 0;
    const to = range.endContainer === node ? range.endOffset : length;
    if (from >= to) continue;
    start = Math.min(start, at + from);
    end = Math.max(end, at + to);
  }
  return start < end ? { start, end } : null;
}
