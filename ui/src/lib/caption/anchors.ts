/** Where the words that a conversation is about stand in a text that may have changed since. */
import type { Anchor, Slot, Thread } from "../../backend";
import { unitsAt } from "./links";
import { slotKey } from "./slots";

/** Words that are commented on, in UTF-16 units; where words were removed, an empty stretch. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly thread: string;
}

/** The stretch that an anchor names: where it was, or else the nearest place with the same words; null where they are gone. */
export function placeOf(anchor: Anchor, text: string): { from: number; to: number } | null {
  if (anchor.kind !== "span" && anchor.kind !== "hunk") return null;
  const words = anchor.kind === "span" ? anchor.quote : anchor.after;
  const was = unitsAt(text, anchor.start);
  if (words === "") return { from: was, to: was };
  const found = nearest(text, words, was);
  return found < 0 ? null : { from: found, to: found + words.length };
}

function nearest(text: string, words: string, was: number): number {
  if (text.startsWith(words, was)) return was;
  const before = text.lastIndexOf(words, was);
  const after = text.indexOf(words, was);
  if (before < 0 || after < 0) return Math.max(before, after);
  return was - before <= after - was ? before : after;
}

/** The open conversations about one person's text of a caption, each where its words stand now. */
export function marksOf(threads: readonly Thread[], slot: Slot, annotatorId: string, text: string): Mark[] {
  return threads.flatMap(({ id, anchor, resolved }) => {
    if (resolved !== null || (anchor.kind !== "span" && anchor.kind !== "hunk")) return [];
    if (anchor.annotator_id !== annotatorId || slotKey(anchor.slot) !== slotKey(slot)) return [];
    const place = placeOf(anchor, text);
    return place === null ? [] : [{ ...place, thread: id }];
  });
}
