import { describe, expect, it } from "vitest";
import { commands } from ".";

describe("commands", () => {
  it("have one chord each that nobody else has, and one id", () => {
    const chords = commands.flatMap((command) => command.keys);
    expect(new Set(chords).size).toBe(chords.length);
    expect(new Set(commands.map((command) => command.id)).size).toBe(commands.length);
  });
});
