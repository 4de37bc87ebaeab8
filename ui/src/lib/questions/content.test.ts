import { describe, expect, it } from "vitest";
import { blank, moved, noteOn, shuffled, withChoice, withKey, withKind, withNote } from "./content";

const texts = (content: ReturnType<typeof blank>): string[] => content.choices.map(({ text }) => text);
const keys = (content: ReturnType<typeof blank>): number[] => content.choices.flatMap(({ right }, index) => (right ? [index] : []));

describe("editing a question", () => {
  it("splits a pasted list into options and drops the letters in front", () => {
    const pasted = withChoice(blank("single_choice"), 0, "A. AMF\nB) SMF\n（C）UPF\n- 基站 A.\nE、NRF");
    expect(texts(pasted)).toEqual(["AMF", "SMF", "UPF", "基站 A.", "NRF"]);
    expect(texts(withChoice(blank("single_choice"), 1, "N2 "))).toEqual(["", "N2 ", "", ""]);
  });

  it("has one key in a single choice and any number in a multiple choice", () => {
    const single = withKey(withKey(blank("single_choice"), 1), 2);
    expect(keys(single)).toEqual([2]);
    const several = withKey(withKind(single, "multiple_choice"), 0);
    expect(keys(several)).toEqual([0, 2]);
    expect(keys(withKey(several, 0))).toEqual([2]);
    expect(keys(withKind(several, "single_choice"))).toEqual([0]);
  });

  it("keeps the key when it becomes a fill-in and comes back", () => {
    const choice = withKey(withChoice(blank("single_choice"), 0, "N2"), 0);
    const filled = withKind(choice, "fill_in");
    expect([filled.accepted, filled.choices]).toEqual([["N2"], []]);
    const back = withKind(filled, "single_choice");
    expect([texts(back)[0], keys(back), back.choices.length]).toEqual(["N2", [0], 4]);
    expect(withKind(filled, "true_false").accepted).toEqual([]);
  });

  it("moves no further than the list goes", () => {
    expect([moved([1, 2, 3], 0, 1), moved([1, 2, 3], 2, 4), moved([1, 2, 3], 0, -1)]).toEqual([[2, 1, 3], [1, 2, 3], [1, 2, 3]]);
  });

  it("keeps a note for each finding, and reads those from before it was kept what they are about", () => {
    const core = { check: "overlapping_choice", about: "core | core network" };
    const edge = { check: "overlapping_choice", about: "edge | edge router" };
    const noted = withNote(withNote(withNote(blank("fill_in"), core, "a"), core, "b"), edge, "c");
    expect([noteOn(noted, core), noteOn(noted, edge)]).toEqual(["b", "c"]);
    expect(withNote(noted, core, null).overruled).toEqual([{ ...edge, note: "c" }]);
    const old = { ...blank("fill_in"), overruled: [{ check: "overlapping_choice", note: "old" }] };
    expect([noteOn(old, core), noteOn(old, edge)]).toEqual(["old", "old"]);
    expect(withNote(old, core, "new").overruled).toEqual([{ ...core, note: "new" }]);
  });

  it("shuffles every option once", () => {
    let seed = 0.3;
    const order = shuffled(6, () => (seed = (seed * 9301 + 0.49297) % 1));
    expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
