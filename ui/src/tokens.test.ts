/** Contrast of the colours: text at least 4.5 to 1 on every ground it stands on, marks at least 3 to 1. */
import { describe, expect, it } from "vitest";
import css from "./tokens.css?raw";

const TEXTS = ["text-1", "text-2", "text-3", "accent", "added", "removed", "warning", "danger"];
const GROUNDS = ["surface-1", "surface-2", "surface-3", "surface-picture", "accent-soft", "added-soft", "removed-soft", "warning-soft", "danger-soft"];
const MARKS = ["border-strong", "focus", "accent", "added", "warning", "danger", "chart-4", "text-3"];
const SURFACES = ["surface-1", "surface-2", "surface-3"];

function coloursOf(theme: string): ReadonlyMap<string, string> {
  const block = css.split(`[data-theme="${theme}"] {`)[1]?.split("}")[0] ?? "";
  return new Map([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name ?? "", value ?? ""]));
}

/** Relative luminance as WCAG 2 has it. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(["light", "dark"])("%s colours", (theme) => {
  const colours = coloursOf(theme);
  const tooFaint = (tops: readonly string[], grounds: readonly string[], least: number): string[] =>
    tops.flatMap((top) => grounds.flatMap((ground) => {
      const found = contrast(colours.get(top) ?? "", colours.get(ground) ?? "");
      return found >= least ? [] : [`${top} on ${ground}: ${found.toFixed(2)}`];
    }));

  it("let every text be read on every ground", () => {
    expect(tooFaint(TEXTS, GROUNDS, 4.5)).toEqual([]);
    expect(tooFaint(["accent-text"], ["accent", "accent-hover"], 4.5)).toEqual([]);
  });

  it("let every mark be seen", () => {
    expect(tooFaint(MARKS, SURFACES, 3)).toEqual([]);
  });
});
