/** How far back the overview looks; it stays while the window is open. */
class Board {
  days: 7 | 30 | 90 = $state(30);
}
export const board = new Board();
