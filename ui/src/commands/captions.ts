/** Commands on the caption on show: its history, its terms, why its draft was changed. */
import { backend, type Committed, type Slot } from "../backend";
import { slotKey } from "../lib/caption/slots";
import { REASONS } from "../lib/caption/reasons";
import { showDialog } from "../state/dialogs.svelte";
import { open } from "../state/diagram.svelte";
import { renewOpen } from "../state/navigation";
import { panes } from "../state/panes";
import { fail } from "../state/toasts.svelte";
import type { Command } from "./command";

const isOpen = (): boolean => open.now.view !== null;
const editable = (): boolean => open.now.view?.read_only === false;
const KEYS = ["Q", "W", "E", "R", "T", "Y"] as const;

export const history: Command = {
  id: "history", group: "caption", title: "history.command", keys: ["Alt+H"],
  enabled: isOpen, run: () => showDialog("history"),
};
const progress = () => (editable() ? (panes.caption?.progress() ?? null) : null);
/** Accepts the draft on show word for word, or takes that back: one key for both. */
export const accept: Command = {
  id: "draft.accept", group: "caption", title: "command.draft_accept", keys: ["Mod+Shift+Enter"], places: ["annotate"],
  enabled: () => progress() === "draft" || progress() === "accepted",
  run: () => {
    if (progress() === "accepted") return settle((slot) => backend().takeBackDraft(slot));
    const draft = panes.caption?.draftShown() ?? null;
    return draft === null ? undefined : settle((slot) => backend().acceptDraft(slot, draft));
  },
};
export const isAccepted = (): boolean => progress() === "accepted";
export const prefer: Command = {
  id: "term.prefer", group: "caption", title: "glossary.command_prefer", keys: ["F9"],
  enabled: editable, run: () => panes.caption?.preferTerm(),
};
const showTerm: Command = {
  id: "term.show", group: "caption", title: "glossary.command_show", keys: ["Mod+J"],
  enabled: isOpen, run: () => panes.caption?.showTerm(),
};
export const nextTerm: Command = {
  id: "term.next", group: "caption", title: "glossary.command_next", keys: ["F8"],
  enabled: isOpen, run: () => panes.caption?.nextWarning(),
};
const reasons: Command[] = REASONS.map((reason, index) => ({
  id: `reason.${reason}`, group: "caption", title: `history.reason.${reason}`, keys: [`Alt+Shift+${KEYS[index] ?? ""}`],
  enabled: editable,
  run: () => void toggle(reason),
}));

export const captionCommands: readonly Command[] = [history, accept, prefer, nextTerm, showTerm, ...reasons];

/** Changes how the caption on show stands to its draft. Its text stays the same. */
async function settle(run: (slot: Slot) => Promise<Committed>): Promise<void> {
  const pane = panes.caption;
  if (pane === undefined) return;
  const slot = pane.slot();
  try {
    await pane.flush();
    pane.adopt(slot, await run(slot));
    await renewOpen();
  } catch (thrown) {
    fail("failed.accept", thrown);
  }
}

async function toggle(reason: (typeof REASONS)[number]): Promise<void> {
  const slot = panes.caption?.slot();
  if (slot === undefined) return;
  const now = open.now.view?.captions.find((caption) => slotKey(caption.slot) === slotKey(slot))?.reasons ?? [];
  const wanted = REASONS.filter((each) => (each === reason) !== now.includes(each));
  try {
    await backend().setReasons(slot, wanted);
    await renewOpen();
  } catch (thrown) {
    fail("failed.reasons", thrown);
  }
}
