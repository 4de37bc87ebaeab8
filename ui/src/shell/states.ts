/** The states of a diagram in the order in which work passes through them, and their titles. */
import type { State } from "../backend";
import type { Key } from "../i18n";

export const STATES: readonly State[] = ["todo", "in_progress", "submitted", "approved", "returned", "skipped"];

export const STATE_TITLE: Record<State, Key> = {
  todo: "state.todo",
  in_progress: "state.in_progress",
  submitted: "state.submitted",
  approved: "state.approved",
  returned: "state.returned",
  skipped: "state.skipped",
};
