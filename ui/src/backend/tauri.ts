/** The backend of the real window: generated Tauri commands, and the events and addresses that go with them. */
import { Channel, convertFileSrc } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { getCurrentWindow } from "@tauri-apps/api/window";
import type { Backend, Job, Settings } from "./backend";
import { commands, type ImportProgress, type Job_Serialize, type Problem } from "./bindings";

const DEFAULTS: Settings = { language: "system", theme: "system", recent: [] };

/** Talks to the Rust side of this window. */
export function tauriBackend(): Backend {
  return {
    startup: async () => {
      const startup = await commands.startup();
      return { ...startup, settings: { ...DEFAULTS, ...startup.settings } };
    },
    createWorkspace: (path) => answer(commands.createWorkspace(path)),
    openWorkspace: (path) => answer(commands.openWorkspace(path)),
    pickFolder: () => commands.pickFolder(),
    pickFiles: () => commands.pickFiles(),
    saveSettings: async (settings) => void (await answer(commands.saveSettings(settings))),
    queuePage: (filter, offset, limit) => answer(commands.queuePage(filter, offset, limit)),
    stateCounts: (search) => answer(commands.stateCounts(search)),
    placeOf: (filter, id) => answer(commands.placeOf(filter, id)),
    neighbour: (filter, id, forward) => answer(commands.neighbour(filter, id, forward)),
    openDiagram: (id) => answer(commands.openDiagram(id)),
    journal: (entry) => answer(commands.journal(entry)),
    commitCaption: (slot) => answer(commands.commitCaption(slot)),
    submit: (slot) => answer(commands.submit(slot)),
    approve: (id) => answer(commands.approve(id)),
    returnToAuthor: (id, reason) => answer(commands.returnToAuthor(id, reason)),
    reopen: (id) => answer(commands.reopen(id)),
    resolveConflict: (slot, keep) => answer(commands.resolveConflict(slot, keep)),
    diff: (before, after) => commands.diff(before, after),
    startImport: (paths, onProgress) => answer(commands.startImport(paths, new Channel<ImportProgress>(onProgress))),
    cancelImport: () => commands.cancelImport(),
    exportWorkspace: (format, out) => answer(commands.exportWorkspace(format, out)),
    models: () => answer(commands.models()),
    inventory: () => answer(commands.inventory()),
    describeModel: (path) => answer(commands.describeModel(path)),
    addModel: (model) => answer(commands.addModel(model)),
    replaceModel: (old, model) => answer(commands.replaceModel(old, model)),
    removeModel: async (id) => void (await answer(commands.removeModel(id))),
    keepKey: async (entry, secret) => void (await answer(commands.keepKey(entry, secret))),
    serverModels: (url, key) => answer(commands.serverModels(url, key)),
    queueDrafts: async (request) => jobOf(await answer(commands.queueDrafts(request))),
    engine: () => answer(commands.engine()),
    ensureEngine: () => answer(commands.ensureEngine()),
    jobs: async () => (await answer(commands.jobs())).map(jobOf),
    jobItems: (id, state, offset, limit) => answer(commands.jobItems(id, state, offset, limit)),
    askOfJob: async (id, request) => jobOf(await answer(commands.askOfJob(id, request))),
    lookAt: async (id) => void (await answer(commands.lookAt(id))),
    followJob: (id, cursor) => answer(commands.followJob(id, cursor)),
    onWorkspaceChanged: (handler) => listen("workspace_changed", () => handler()),
    onFilesDropped: (handler) => listen<string[]>("files_dropped", (event) => handler(event.payload)),
    onFilesHovering: (handler) => listen<boolean>("files_hovering", (event) => handler(event.payload)),
    onClosing: (handler) =>
      getCurrentWindow().onCloseRequested(async (event) => {
        if (!(await handler())) event.preventDefault();
      }),
    pictureUrl: (hash) => calloutUrl(`picture/${hash}`),
    tileUrl: (hash, level, col, row) => calloutUrl(`tile/${hash}/${level}/${col}_${row}`),
  };
}

/** The generated type puts the parameters one level too deep. */
function jobOf(job: Job_Serialize): Job {
  return job as unknown as Job;
}

type Outcome<T> = { status: "ok"; data: T } | { status: "error"; error: Problem };

/** The answer of a command, or its `Problem` thrown. */
async function answer<T>(outcome: Promise<Outcome<T>>): Promise<T> {
  const settled = await outcome;
  if (settled.status === "error") throw settled.error;
  return settled.data;
}

/** `convertFileSrc` encodes the path as one segment, slashes included; the Rust side decodes it. */
function calloutUrl(path: string): string {
  return convertFileSrc(path, "callout");
}
