import { describe, expect, it } from "vitest";
import { initials, oneLine, visibleName } from "./text";

describe("text of others", () => {
  it("stays on one line", () => expect(oneLine(" a\n\tb  c ")).toBe("a b c"));

  it("cannot hide control characters in a name", () => {
    expect(visibleName('图\n"a"\u0007.png')).toBe('图↵"a"\\x07.png');
  });

  it("gives a person two letters, or one Chinese character", () => {
    expect(["Mei Kong", "mei", "王小明", "li.wei", " "].map(initials)).toEqual(["MK", "ME", "王", "LW", "?"]);
  });
});
