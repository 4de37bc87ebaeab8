/** Commands on who works on what. */
import { backend } from "../backend";
import { showDialog } from "../state/dialogs.svelte";
import { open } from "../state/diagram.svelte";
import { me } from "../state/me.svelte";
import { panes } from "../state/panes";
import { filterQueue, NO_FILTER, queue } from "../state/queue.svelte";
import { stepOpen, takeNext, tell, undoMany, work } from "../state/work.svelte";
import type { Command } from "./command";

const HERE = ["annotate"] as const;
const claim = () => open.now.view?.claim ?? null;
const isMine = (): boolean => claim() !== null && claim()?.person_id === me.now?.id;
const stateIs = (...states: string[]): boolean => open.now.view !== null && states.includes(open.now.view.diagram.state);
const some = (): boolean => (me.is("lead") || me.is("annotator")) && work.scopeCount > 0;

export const next: Command = {
  id: "work.next", group: "work", title: "work.command_next", keys: ["Mod+Shift+N"], places: HERE,
  enabled: () => me.is("annotator"),
  run: async () => {
    if (await takeNext()) panes.caption?.focus();
    else tell("work.none_free");
  },
};
const claimOpen: Command = {
  id: "work.claim", group: "work", title: "work.command_claim", keys: [], places: HERE,
  enabled: () => open.id !== null && claim() === null && me.is("annotator"), run: () => stepOpen("failed.claim", (id) => backend().claim(id)),
};
const release: Command = {
  id: "work.release", group: "work", title: "work.command_release", keys: [], places: HERE,
  enabled: () => claim() !== null && (isMine() || me.is("lead")), run: () => stepOpen("failed.claim", (id) => backend().release(id)),
};
export const skip: Command = {
  id: "work.skip", group: "work", title: "work.command_skip", keys: ["Mod+Shift+K"], places: HERE,
  enabled: () => me.is("annotator") && stateIs("todo", "in_progress", "returned"), run: () => showDialog("skip"),
};
export const unskip: Command = {
  id: "work.unskip", group: "work", title: "work.command_unskip", keys: [], places: HERE,
  enabled: () => me.is("annotator") && stateIs("skipped"), run: () => stepOpen("failed.skip", (id) => backend().unskip(id)),
};
export const filters: Command = {
  id: "work.filters", group: "work", title: "work.command_filters", keys: ["Mod+Shift+P"], places: HERE,
  enabled: () => true, run: () => showDialog("filters"),
};
const clear: Command = {
  id: "work.clear", group: "work", title: "work.command_clear", keys: [], places: HERE,
  enabled: () => JSON.stringify({ ...NO_FILTER, ...queue.now.filter }) !== JSON.stringify(NO_FILTER), run: () => filterQueue(NO_FILTER),
};
export const many: Command = {
  id: "work.many", group: "work", title: "work.command_many", keys: ["Mod+Shift+Y"], places: HERE,
  enabled: some, run: () => showDialog("plan"),
};
export const undo: Command = {
  id: "work.undo", group: "work", title: "work.command_undo", keys: [], places: HERE,
  enabled: () => work.done !== null, run: undoMany,
};

export const workCommands: readonly Command[] = [next, claimOpen, release, skip, unskip, filters, clear, many, undo];
