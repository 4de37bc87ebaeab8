import { describe, expect, it } from "vitest";
import { keyLabel, matches } from "./keys";

type Press = Parameters<typeof matches>[0];

function press(key: string, held: Partial<Press> = {}): Press {
  return { key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, keyCode: 0, ...held };
}

describe("key chords", () => {
  it("take Ctrl, or ⌘ on a Mac, and nothing more than they name", () => {
    expect(matches(press("Enter", { ctrlKey: true }), "Mod+Enter", false)).toBe(true);
    expect(matches(press("Enter", { metaKey: true }), "Mod+Enter", true)).toBe(true);
    expect(matches(press("Enter", { ctrlKey: true }), "Mod+Enter", true)).toBe(false);
    expect(matches(press("Enter"), "Mod+Enter", false)).toBe(false);
    expect(matches(press("E", { ctrlKey: true, shiftKey: true }), "Mod+E", false)).toBe(false);
    expect(matches(press("E", { ctrlKey: true, shiftKey: true }), "Mod+Shift+E", false)).toBe(true);
  });

  it("leave keys to an input method that is composing", () => {
    expect(matches(press("Enter", { ctrlKey: true, isComposing: true }), "Mod+Enter", false)).toBe(false);
    expect(matches(press("Enter", { ctrlKey: true, keyCode: 229 }), "Mod+Enter", false)).toBe(false);
  });

  it("go by the key's place where the layout has no such letter or digit", () => {
    expect(matches(press("¡", { altKey: true, code: "Digit1" }), "Alt+1", true)).toBe(true);
    expect(matches(press("л", { ctrlKey: true, code: "KeyK" }), "Mod+K", false)).toBe(true);
    expect(matches(press("t", { ctrlKey: true, code: "KeyK" }), "Mod+K", false)).toBe(false);
  });

  it("take plus and question mark however they are typed", () => {
    expect(matches(press("+", { ctrlKey: true, shiftKey: true }), "Mod+=", false)).toBe(true);
    expect(matches(press("?", { shiftKey: true }), "?", false)).toBe(true);
  });

  it("are written as each system writes them", () => {
    expect(keyLabel("Mod+Shift+A", false)).toBe("Ctrl+Shift+A");
    expect(keyLabel("Mod+Shift+A", true)).toBe("⌘⇧A");
    expect(keyLabel("Alt+ArrowDown", false)).toBe("Alt+↓");
    expect(keyLabel("+", false)).toBe("+");
    expect(keyLabel("Mod+Shift+Arrows", false)).toBe("Ctrl+Shift+←↑↓→");
  });
});
