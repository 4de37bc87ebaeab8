/** Commands of leads who review: plain letters, as in a code review. */
import type { Anchor } from "../backend";
import { me } from "../state/me.svelte";
import { panes } from "../state/panes";
import { review } from "../state/review.svelte";
import { REASONS } from "../lib/caption/reasons";
import type { Command } from "./command";

const HERE = ["review"] as const;
const isOpen = (): boolean => review.view !== null;
const decidable = (): boolean => review.view?.diagram.state === "submitted" && me.is("lead") && !review.busy;
const returnable = (): boolean => (review.view?.diagram.state === "submitted" || review.view?.diagram.state === "approved") && me.is("lead") && !review.busy;

export const accept: Command = {
  id: "review.accept", group: "review", title: "review.command_accept", keys: ["A", "Mod+Enter"], places: HERE,
  enabled: () => decidable() && review.about === null && !review.returning, run: () => review.accept(),
};
export const fix: Command = {
  id: "review.fix", group: "review", title: "review.command_fix", keys: ["F"], places: HERE,
  enabled: () => decidable() && (review.caption?.experts.length ?? 0) > 0, run: () => review.fix(),
};
export const sendBack: Command = {
  id: "review.return", group: "review", title: "review.command_return", keys: ["R"], places: HERE,
  enabled: returnable, run: () => (review.returning = true),
};
export const comment: Command = {
  id: "review.comment", group: "review", title: "review.command_comment", keys: ["C"], places: HERE,
  enabled: isOpen,
  run: () => {
    const whole: Anchor = { kind: "diagram" };
    const region = review.region ?? review.caption?.slot.region_id ?? null;
    review.about = panes.review?.anchor() ?? (region === null ? whole : { kind: "region", region_id: region });
  },
};
export const undoDecision: Command = {
  id: "review.undo", group: "review", title: "review.command_undo", keys: ["U"], places: HERE,
  enabled: () => review.undoable !== null && me.is("lead") && !review.busy,
  run: () => (review.undoable === null ? undefined : review.undo(review.undoable.id)),
};
const showNewer: Command = {
  id: "review.newer", group: "review", title: "review.command_newer", keys: ["G"], places: HERE,
  enabled: () => review.newer !== null, run: () => review.showNewer(),
};
const word = (extend: boolean, id: string, title: Command["title"], keys: readonly string[]): Command => ({
  id, group: "review", title, keys, places: HERE,
  enabled: () => (review.caption?.experts.length ?? 0) > 0, run: () => panes.review?.selectWord(extend),
});

function beside(by: 1 | -1, id: string, title: Command["title"], keys: readonly string[]): Command {
  return { id, group: "review", title, keys, places: HERE, enabled: () => review.list.total > 0, run: () => review.open(Math.max(0, Math.min(review.active + by, review.list.total - 1))) };
}
export const nextReview = beside(1, "review.next", "review.command_next", ["J"]);
export const previousReview = beside(-1, "review.previous", "review.command_previous", ["K"]);
const step = (by: 1 | -1, id: string, title: Command["title"], keys: readonly string[]): Command => ({
  id, group: "review", title, keys, places: HERE, enabled: isOpen, run: () => review.step(by),
});
const caption = (by: 1 | -1, id: string, title: Command["title"], keys: readonly string[]): Command => ({
  id, group: "review", title, keys, places: HERE, enabled: isOpen,
  run: () => review.choose(Math.max(0, Math.min(review.at + by, (review.view?.captions.length ?? 1) - 1))),
});
const pick = (index: number): Command => ({
  id: `review.pick_${index + 1}`, group: "review", title: index === 0 ? "review.command_pick_first" : "review.command_pick_second", keys: [String(index + 1)], places: HERE,
  enabled: () => review.caption?.experts[index] !== undefined && (review.caption?.experts.length ?? 0) > 1 && decidable(),
  run: () => panes.review?.pick(index),
});
const reasons: Command[] = REASONS.map((reason, index) => ({
  id: `review.reason.${reason}`, group: "review", title: `history.reason.${reason}`, keys: [`Alt+${index + 1}`], places: HERE,
  enabled: () => review.returning,
  run: () => (review.reasons = REASONS.filter((each) => (each === reason) !== review.reasons.includes(each))),
}));

export const reviewCommands: readonly Command[] = [
  accept, fix, sendBack, comment, undoDecision, showNewer,
  nextReview, previousReview,
  step(1, "review.next_change", "review.command_next_change", ["N"]), step(-1, "review.previous_change", "review.command_previous_change", ["P"]),
  caption(1, "review.next_caption", "review.command_next_caption", ["]"]), caption(-1, "review.previous_caption", "review.command_previous_caption", ["["]),
  pick(0), pick(1), word(false, "review.select_word", "review.command_select_word", ["W"]), word(true, "review.extend_word", "review.command_extend_word", ["Shift+W"]),
  ...reasons,
];
