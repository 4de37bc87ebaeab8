/** Commands that let models draft: for the caption on show, for more, and the dialogs around it. */
import { open } from "../state/diagram.svelte";
import { showDialog } from "../state/dialogs.svelte";
import { draft, drafting, seesPictures } from "../state/drafting.svelte";
import { queue } from "../state/queue.svelte";
import { session } from "../state/session.svelte";
import type { Command } from "./command";

const HERE = ["annotate"] as const;
const working = (): boolean => session.now.workspace !== null;

/** Drafts the caption on show, once more if it has a draft; asks for a model first where there is none. */
export const draftShown: Command = {
  id: "draft.shown", group: "drafting", title: "command.draft_shown", keys: ["Mod+Shift+D"], places: HERE,
  enabled: () => open.id !== null && open.now.view?.drafts_hidden === false,
  run: () => {
    const { model } = drafting;
    const { id } = open;
    if (id === null) return undefined;
    if (model === null || !seesPictures(model)) return showDialog("models");
    return draft({ which: "one", id }, "always", [open.now.level]);
  },
};
/** Chooses which diagrams, levels and model, with the number of diagrams before anything is queued. */
export const draftMany: Command = {
  id: "draft.many", group: "drafting", title: "command.draft_many", keys: ["Mod+Shift+G"], places: HERE,
  enabled: () => working() && (open.id !== null || queue.now.total > 0), run: () => showDialog("draft"),
};
export const models: Command = {
  id: "models", group: "drafting", title: "command.models", keys: ["Mod+Shift+M"],
  enabled: working, run: () => showDialog("models"),
};
export const jobs: Command = {
  id: "jobs", group: "drafting", title: "command.jobs", keys: ["Mod+Shift+J"],
  enabled: working, run: () => showDialog("jobs"),
};

export const draftingCommands: readonly Command[] = [draftShown, draftMany, models, jobs];
