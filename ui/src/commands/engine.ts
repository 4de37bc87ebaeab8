/** Commands on jobs, the engine and the models of the workspace, without their dialogs. */
import type { Job } from "../backend";
import { showDialog } from "../state/dialogs.svelte";
import { askOf, drafting, retry, startEngine } from "../state/drafting.svelte";
import { addingModel } from "../state/models.svelte";
import { session } from "../state/session.svelte";
import type { Command } from "./command";

const atWork = (): Job | undefined => drafting.open.find(({ state, request }) => state !== "paused" && request === null);
const paused = (): Job | undefined => drafting.open.find(({ state, request }) => state === "paused" && request === null);
const failed = (): Job | undefined => drafting.now.jobs.find(({ state, failed: count }) => state === "failed" || (state === "done" && count > 0));
const onJob = (id: string, title: Command["title"], find: () => Job | undefined, act: (job: Job) => unknown): Command => ({
  id: `jobs.${id}`, group: "drafting", title, keys: [],
  enabled: () => find() !== undefined,
  run: () => {
    const job = find();
    return job === undefined ? undefined : act(job);
  },
});
const add = (what: "directory" | "server"): Command => ({
  id: `models.${what}`, group: "drafting", title: `model.add_${what}`, keys: [],
  enabled: () => session.now.workspace !== null,
  run: () => {
    addingModel.what = what;
    showDialog("models");
  },
});
export const startEngineNow: Command = {
  id: "engine.start", group: "drafting", title: "actions.start_engine", keys: [],
  enabled: () => drafting.open.length > 0 && drafting.now.engine?.running === false, run: startEngine,
};

export const engineCommands: readonly Command[] = [
  onJob("pause", "actions.pause_job", atWork, (job) => askOf(job, "pause")),
  onJob("resume", "actions.resume_job", paused, (job) => askOf(job, "resume")),
  onJob("retry", "actions.retry_job", failed, retry),
  startEngineNow, add("directory"), add("server"),
];
