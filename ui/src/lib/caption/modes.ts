/** How the draft is shown with the text. */

/** Not at all, as its own text, or as one text with the differences marked. */
export type DiffMode = "off" | "beside" | "merged";

/** The modes in the order they are offered. */
export const MODES: readonly DiffMode[] = ["off", "beside", "merged"];

/** What one key switches to: between the two ways to see the draft, and from off to the first of them. */
export function otherMode(mode: DiffMode): DiffMode {
  return mode === "beside" ? "merged" : "beside";
}
