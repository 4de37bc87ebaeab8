/** Which place of the window is shown; a person comes back to the one they left. */
import { recall, remember } from "./remembered";

export const PLACES = ["annotate", "questions", "review", "board", "settings"] as const;
export type PlaceName = (typeof PLACES)[number];

const isPlace = (value: unknown): value is PlaceName => PLACES.some((each) => each === value);
let current: PlaceName = $state(recall<PlaceName>("place", "annotate", isPlace));

export const place = {
  get now(): PlaceName {
    return current;
  },
};

/** Goes to another place. What was typed in the one that is left is stored by that place itself. */
export function goTo(next: PlaceName): void {
  current = next;
  remember("place", next);
}
