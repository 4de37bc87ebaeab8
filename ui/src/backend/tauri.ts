/** The backend of the real window: generated Tauri commands and events. */
import { Channel, convertFileSrc, invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { getCurrentWindow } from "@tauri-apps/api/window";
import type { Backend } from "./backend";
import type { ImportProgress } from "./contract";

/** Talks to the Rust side of this window. */
export function tauriBackend(): Backend {
  return {
    startup: () => invoke("startup"),
    createWorkspace: (path) => invoke("create_workspace", { path }),
    openWorkspace: (path) => invoke("open_workspace", { path }),
    pickFolder: () => invoke("pick_folder"),
    pickFiles: () => invoke("pick_files"),
    saveSettings: (settings) => invoke("save_settings", { settings }),
    queuePage: (filter, offset, limit) => invoke("queue_page", { filter, offset, limit }),
    stateCounts: (search) => invoke("state_counts", { search }),
    placeOf: (filter, id) => invoke("place_of", { filter, id }),
    neighbour: (filter, id, forward) => invoke("neighbour", { filter, id, forward }),
    openDiagram: (id) => invoke("open_diagram", { id }),
    journal: (entry) => invoke("journal", { entry }),
    commitCaption: (slot) => invoke("commit_caption", { slot }),
    submit: (slot) => invoke("submit", { slot }),
    approve: (id) => invoke("approve", { id }),
    returnToAuthor: (id, reason) => invoke("return_to_author", { id, reason }),
    reopen: (id) => invoke("reopen", { id }),
    resolveConflict: (slot, keep) => invoke("resolve_conflict", { slot, keep }),
    diff: (before, after) => invoke("diff", { before, after }),
    startImport: (paths, onProgress) => {
      const channel = new Channel<ImportProgress>(onProgress);
      return invoke("start_import", { paths, onProgress: channel });
    },
    cancelImport: () => invoke("cancel_import"),
    exportWorkspace: (format, out) => invoke("export_workspace", { format, out }),
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

/** `convertFileSrc` encodes the whole path as one segment; the Rust side expects plain slashes decoded. */
function calloutUrl(path: string): string {
  return convertFileSrc(path, "callout");
}
