import { describe, expect, it } from "vitest";
import type { Hunk } from "../../backend";
import { changesOf, located, selected } from "./located";

const hunk = (kind: Hunk["kind"], before: string, after: string): Hunk => ({ kind, before, after });
const HUNKS = [hunk("equal", "The ", "The "), hunk("replace", "UPF", "AMF"), hunk("equal", " sends ", " sends "), hunk("delete", "two ", ""), hunk("equal", "messages", "messages"), hunk("insert", "", " 到基站")];

describe("a drawn difference", () => {
  it("knows where each piece lies in the new text", () => {
    const all = located(HUNKS);
    expect(all.map(({ kind, start, change }) => [kind, start, change])).toEqual([
      ["equal", 0, null], ["delete", 4, 0], ["insert", 4, 0], ["equal", 7, null], ["delete", 14, 1], ["equal", 14, null], ["insert", 22, 2],
    ]);
    expect(changesOf(all)).toEqual([
      { before: "UPF", after: "AMF", start: 4 }, { before: "two ", after: "", start: 14 }, { before: "", after: " 到基站", start: 22 },
    ]);
  });

  it("turns a selection across deleted words into a stretch of the new text", () => {
    const root = document.createElement("p");
    document.body.append(root);
    for (const piece of located(HUNKS)) {
      const element = document.createElement(piece.kind === "delete" ? "del" : "span");
      element.textContent = piece.text;
      if (piece.kind !== "delete") element.dataset["start"] = String(piece.start);
      root.append(element);
    }
    const range = document.createRange();
    range.setStart(root.children[0]?.firstChild as Node, 2);
    range.setEnd(root.children[5]?.firstChild as Node, 4);
    const selection = document.getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
    expect(selected(root, selection)).toEqual({ start: 2, end: 18 });
    selection?.collapseToStart();
    expect(selected(root, selection)).toBeNull();
  });
});
