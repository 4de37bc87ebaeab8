import { history, undo } from "@codemirror/commands";
import { EditorState, type TransactionSpec } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { linking, linksOf, linkSelection, pointsAt, regionAt, unitsAt, unlinkSelection, withLinks } from "./links";

const open = (doc: string): EditorState => EditorState.create({ doc, extensions: [history(), linking] });
const link = (start: number, end: number, region_id = "r") => ({ start, end, region_id });
const must = (spec: TransactionSpec | null): TransactionSpec => {
  if (spec === null) throw new Error("nothing to do");
  return spec;
};

describe("links", () => {
  it("are counted in code points", () => {
    const text = "𝄞 网元";
    expect([0, 1, 2, 3, 4].map((at) => unitsAt(text, at))).toEqual([0, 2, 3, 4, 5]);
    expect([0, 2, 3, 5].map((at) => pointsAt(text, at))).toEqual([0, 1, 2, 4]);
    expect(linksOf(withLinks(open(text), [link(2, 4), link(0, 1, "s"), link(3, 99)]))).toEqual([link(0, 1, "s"), link(2, 4)]);
  });

  it("move with their words and go with them", () => {
    const state = withLinks(open("the gNB sends"), [link(4, 7)]);
    const before = state.update({ changes: { from: 0, insert: "中文，" } }).state;
    expect(linksOf(before)).toEqual([link(7, 10)]);
    const inside = state.update({ changes: { from: 5, insert: "x" } }).state;
    expect(linksOf(inside)).toEqual([link(4, 8)]);
    expect(linksOf(state.update({ changes: { from: 3, to: 9 } }).state)).toEqual([]);
  });

  it("are made from the selected words without the space around them, and taken away again", () => {
    const state = open("the gNB sends").update({ selection: { anchor: 3, head: 8 } }).state;
    const linked = state.update(must(linkSelection(state, "core"))).state;
    expect(linksOf(linked)).toEqual([link(4, 7, "core")]);
    expect(regionAt(linked, 5)).toBe("core");
    expect(linksOf(linked.update(must(unlinkSelection(linked))).state)).toEqual([]);
    expect(linkSelection(open("   ").update({ selection: { anchor: 0, head: 3 } }).state, "r")).toBeNull();
  });

  it("come back when the deletion of their words is undone", () => {
    let state = withLinks(open("the gNB sends"), [link(4, 7)]);
    const dispatch = (transaction: { state: EditorState }): void => void (state = transaction.state);
    dispatch(state.update({ changes: { from: 0, to: 13 } }));
    undo({ state, dispatch });
    expect(state.doc.toString()).toBe("the gNB sends");
    expect(linksOf(state)).toEqual([link(4, 7)]);
  });
});
