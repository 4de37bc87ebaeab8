/** Reasons for changing a draft, in the order in which they are offered. */
import type { Reason } from "../../backend";

export const REASONS: readonly Reason[] = ["wrong_relation", "missing_element", "wrong_direction", "wrong_term", "invented", "style"];
