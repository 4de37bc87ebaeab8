import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import type { Anchor, Slot, Thread } from "../../backend";
import { marksOf, placeOf } from "./anchors";
import { commenting, markOf, showMarks } from "./comments";

const SLOT: Slot = { diagram_id: "d", level: "global", region_id: null };
const span = (start: number, quote: string): Anchor => ({ kind: "span", slot: SLOT, annotator_id: "wei", revision_id: "r", start, end: start + [...quote].length, quote });
const hunk = (start: number, before: string, after: string): Anchor => ({ kind: "hunk", slot: SLOT, annotator_id: "wei", revision_id: "r", before, after, start });

describe("the words that a comment is about", () => {
  it("are found where they were, counted in code points", () => {
    expect(placeOf(span(2, "基站"), "𝐀把基站接入核心网")).toEqual({ from: 3, to: 5 });
  });
  it("are followed to the nearest place with the same words", () => {
    expect(placeOf(span(4, "UPF"), "First, the UPF; last, the UPF.")).toEqual({ from: 11, to: 14 });
    expect(placeOf(span(24, "UPF"), "First, the UPF; last, the UPF.")).toEqual({ from: 26, to: 29 });
  });
  it("are gone when nobody says them any more", () => {
    expect(placeOf(span(0, "router"), "The switch")).toBeNull();
  });
  it("are an empty place where words were removed", () => {
    expect(placeOf(hunk(4, "two ", ""), "The messages")).toEqual({ from: 4, to: 4 });
    expect(placeOf({ kind: "diagram" }, "The messages")).toBeNull();
  });
  it("are marked for their author only, while the conversation is open", () => {
    const thread = (id: string, anchor: Anchor, settled: boolean): Thread => ({ id, diagram_id: "d", anchor, comments: [], resolved: settled ? { by: "x", at: "2026-01-01T00:00:00Z" } : null });
    const threads = [thread("a", span(0, "The"), false), thread("b", span(0, "The"), true)];
    expect(marksOf(threads, SLOT, "wei", "The UPF")).toEqual([{ from: 0, to: 3, thread: "a" }]);
    expect(marksOf(threads, SLOT, "lin", "The UPF")).toEqual([]);
  });
});

describe("marks in the editor", () => {
  it("move with the words", () => {
    let state = EditorState.create({ doc: "The UPF", extensions: commenting });
    const marks = [{ from: 4, to: 7, thread: "a" }];
    state = state.update(showMarks(state, marks) ?? {}).state;
    expect(showMarks(state, marks)).toBeNull();
    state = state.update({ changes: { from: 0, insert: "Here: " } }).state;
    expect(markOf(state, "a")).toEqual({ from: 10, to: 13, thread: "a" });
    expect(markOf(state, "b")).toBeNull();
  });
});
