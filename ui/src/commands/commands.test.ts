import { describe, expect, it } from "vitest";
import { PLACES } from "../state/place.svelte";
import { commands } from ".";

/** Chords that never reach the window, or that a person would miss: what the system or an input method does with them. */
const RESERVED: Readonly<Record<string, string>> = {
  "Mod+H": "hides the application on macOS",
  "Mod+M": "minimises the window on macOS",
  "Mod+Q": "quits",
  "Mod+W": "closes the window",
  "Mod+Shift+Q": "logs out on macOS",
  "Mod+Shift+3": "takes a picture of the screen on macOS",
  "Mod+Shift+4": "takes a picture of the screen on macOS",
  "Mod+Shift+5": "takes a picture of the screen on macOS",
  "Mod+Shift+U": "enters a character by its number with IBus",
  "Mod+Shift+F": "switches simplified and traditional Chinese",
  "Mod+.": "switches Chinese and Latin punctuation",
  "Mod+Space": "switches input methods",
  "Mod+,": "opens settings on macOS",
  "Mod+`": "goes to the next window on macOS",
  "Mod+A": "selects all", "Mod+C": "copies", "Mod+V": "pastes", "Mod+X": "cuts", "Mod+Z": "undoes", "Mod+Shift+Z": "redoes",
  "Alt+F4": "closes the window",
  "Alt+Space": "opens the menu of the window",
  "Alt+Tab": "switches windows", "Alt+Escape": "switches windows",
  F11: "shows the desktop on macOS",
};

describe("commands", () => {
  it("have chords that nobody else has in the same place, and one id", () => {
    for (const place of PLACES) {
      const chords = commands.filter(({ places }) => places?.includes(place) ?? true).flatMap((command) => command.keys);
      expect(chords.filter((chord, index) => chords.indexOf(chord) !== index), place).toEqual([]);
    }
    expect(new Set(commands.map((command) => command.id)).size).toBe(commands.length);
  });

  it("leave the system, input methods and AltGr their chords", () => {
    const chords = commands.flatMap((command) => command.keys.map((keys) => [command.id, keys] as const));
    expect(chords.filter(([, keys]) => keys in RESERVED || /Mod\+.*Alt|Alt\+.*Mod/.test(keys))).toEqual([]);
  });
});
