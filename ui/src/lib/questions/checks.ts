/** What the checks of a question say, in the language shown now. */
import type { Finding } from "../../backend";
import { t } from "../../i18n";

const CHECKS = [
  "empty_stem", "no_key", "double_key", "too_few_choices", "empty_choice", "duplicate_choice", "overlapping_choice", "all_of_the_above",
  "longest_is_key", "key_position", "no_evidence", "no_rationale", "no_accepted_answer", "bad_tolerance", "gap_missing", "blind_answer",
  "near_duplicate", "near_duplicate_elsewhere", "key_in_caption_only", "true_false_giveaway",
] as const;
type Check = (typeof CHECKS)[number];

/** Checks that have words here; others are told in the check's own English. */
export const KNOWN_CHECKS: ReadonlySet<string> = new Set(CHECKS);

/** The words of a finding: what is wrong, and what to do next. */
export function says({ check, details, message }: Finding): string {
  const known: Check | undefined = CHECKS.find((each) => each === check);
  if (known === undefined) return message;
  const [a = "", b = "", c = ""] = details;
  return t(`questions.check.${known}`, { a, b, c });
}
