/** Commands that act on what is on the screen: each can run while the part that offers it is there. */
import type { Key } from "../i18n";
import { isOffered, perform } from "../state/offered.svelte";
import type { PlaceName } from "../state/place.svelte";
import type { Command, Group } from "./command";

function offered(id: string, group: Group, title: Key, place: PlaceName, keys: readonly string[] = []): Command {
  return { id, group, title, keys, places: [place], enabled: () => isOffered(id), run: () => perform(id) };
}

export const restoreDraft = offered("draft.restore", "caption", "caption.restore", "annotate");
export const draftDetails = offered("draft.details", "caption", "draft.details", "annotate");
export const compareDrafts = offered("draft.compare", "caption", "draft.compare", "annotate");
export const keepMine = offered("conflict.mine", "caption", "actions.keep_mine", "annotate");
export const keepTheirs = offered("conflict.theirs", "caption", "actions.keep_theirs", "annotate");
export const otherDraftView = offered("draft.view", "caption", "actions.draft_view", "annotate", ["Mod+D"]);
export const shuffleOptions = offered("question.shuffle", "questions", "questions.shuffle", "questions");
export const addOption = offered("question.add_option", "questions", "questions.add_option", "questions");
export const clearQuestionFilters = offered("question.clear", "questions", "actions.clear_questions", "questions");

export const offeredCommands: readonly Command[] = [
  restoreDraft, draftDetails, compareDrafts, otherDraftView, keepMine, keepTheirs, shuffleOptions, addOption, clearQuestionFilters,
];
