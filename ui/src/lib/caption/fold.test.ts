/** What a reader sees of a word diff. */
import { expect, it } from "vitest";
import type { Hunk } from "../../backend";
import { pieces } from "./fold";

function check(hunks: Hunk[], expected: [string, string][]): void {
  expect(pieces(hunks).map(({ kind, text }) => [kind, text])).toEqual(expected);
}

const equal = (text: string): Hunk => ({ kind: "equal", before: text, after: text });

it("shows a replacement as the old text, then the new", () => {
  check(
    [equal("the "), { kind: "replace", before: "router", after: "switch" }, equal(" forwards")],
    [["equal", "the "], ["delete", "router"], ["insert", "switch"], ["equal", " forwards"]],
  );
});

it("shows insertions and deletions alone", () => {
  check(
    [{ kind: "insert", before: "", after: "new" }, { kind: "delete", before: "old", after: "" }],
    [["insert", "new"], ["delete", "old"]],
  );
});

it("keeps a text without differences whole", () => {
  check([equal("词".repeat(2000))], [["equal", "词".repeat(2000)]]);
});

it("folds a long unchanged stretch between differences at word boundaries, and hides nothing else", () => {
  const middle = "word ".repeat(100);
  const shown = pieces([{ kind: "insert", before: "", after: "A" }, equal(middle), { kind: "insert", before: "", after: "B" }]);
  expect(shown.map(({ kind }) => kind)).toEqual(["insert", "equal", "fold", "equal", "insert"]);
  expect(shown.slice(1, 4).map(({ text }) => text).join("")).toBe(middle);
  expect(shown[1]?.text).toMatch(/word$/);
  expect(shown[3]?.text).toMatch(/^word/);
});

it("folds the start and the end, keeping the text next to the difference", () => {
  const shown = pieces([equal("a".repeat(500)), { kind: "insert", before: "", after: "X" }, equal("b".repeat(500))]);
  expect(shown.map(({ kind, text }) => [kind, text.length])).toEqual([
    ["fold", 420], ["equal", 80], ["insert", 1], ["equal", 80], ["fold", 420],
  ]);
});

it("does not fold short stretches", () => {
  const middle = "中".repeat(200);
  check([{ kind: "insert", before: "", after: "A" }, equal(middle), { kind: "insert", before: "", after: "B" }], [
    ["insert", "A"], ["equal", middle], ["insert", "B"],
  ]);
});

it("never cuts a character in two", () => {
  const hunks: Hunk[] = [{ kind: "insert", before: "", after: "A" }, equal("😀".repeat(300)), { kind: "insert", before: "", after: "B" }];
  for (const text of [hunks, [equal(`a${"😀".repeat(300)}`), ...hunks]].flatMap((each) => pieces(each).map((piece) => piece.text))) {
    expect(text).not.toMatch(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/);
  }
});
