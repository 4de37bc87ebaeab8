/** Days that the overview looks back. */
export const SPANS = [7, 30, 90] as const;

/** How far back the overview looks; it stays while the window is open. */
class Board {
  days: (typeof SPANS)[number] = $state(30);
}
export const board = new Board();
