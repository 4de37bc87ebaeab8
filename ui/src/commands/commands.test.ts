import { describe, expect, it } from "vitest";
import { PLACES } from "../state/place.svelte";
import { commands } from ".";

describe("commands", () => {
  it("have chords that nobody else has in the same place, and one id", () => {
    for (const place of PLACES) {
      const chords = commands.filter(({ places }) => places?.includes(place) ?? true).flatMap((command) => command.keys);
      expect(chords.filter((chord, index) => chords.indexOf(chord) !== index), place).toEqual([]);
    }
    expect(new Set(commands.map((command) => command.id)).size).toBe(commands.length);
  });
});
