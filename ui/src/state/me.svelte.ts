/** Who acts in the open workspace, and what they may do there: a lead may change it while they work. */
import { backend, type Person, type Role } from "../backend";

let person = $state.raw<Person | null>(null);

export const me = {
  /** Null until a workspace is open and has answered. */
  get now(): Person | null {
    return person;
  },
  /** Whether the acting person has a role; everybody may, as far as the window knows, until the answer is there. */
  is(role: Role): boolean {
    return person === null || person.roles.includes(role);
  },
};

/** Asks again: for a workspace that was just opened, and when somebody else wrote to it. */
export async function refreshMe(): Promise<void> {
  try {
    person = await backend().me();
  } catch {
    // The store refuses what is not allowed in any case; the window merely does not know beforehand.
    person = null;
  }
}
