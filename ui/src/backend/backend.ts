/** What the window asks of the Rust side: one interface, answered by Tauri in the app and by a fake in component tests. */
import type {
  Committed, Diff, DiagramView, DraftParameters_Serialize, DraftRequest, EngineStatus, Exported, ExportFormat, Followed,
  ImportProgress, ImportReport, Inventory, ItemState, Job_Serialize, JobItem, JobRequest, JournalEntry, Keep, KeySource, Model,
  ModelAbout, NewModel, Place, Problem, QueueFilter, QueuePage, Saved, Settings as StoredSettings, Slot, Startup as Started,
  State, StateCounts, WorkspaceInfo,
} from "./bindings";

/** A failure, ready to be shown. */
export type ApiError = Problem;
/** The preferences, all of them. */
export type Settings = Required<StoredSettings>;
/** What the page starts with. */
export type Startup = Omit<Started, "settings"> & { settings: Settings };
/** A job, its parameters as they really come: beside their kind, not below it. */
export type Job = Omit<Job_Serialize, "parameters"> & { parameters: { kind: "draft" } & DraftParameters_Serialize };
/** Stops listening to an event. */
export type Unlisten = () => void;

/** Every call rejects with an `ApiError` when it fails. */
export interface Backend {
  startup(): Promise<Startup>;
  createWorkspace(path: string): Promise<WorkspaceInfo>;
  openWorkspace(path: string): Promise<WorkspaceInfo>;
  pickFolder(): Promise<string | null>;
  pickFiles(): Promise<string[]>;
  saveSettings(settings: Settings): Promise<void>;
  queuePage(filter: QueueFilter, offset: number, limit: number): Promise<QueuePage>;
  stateCounts(search: string): Promise<StateCounts>;
  placeOf(filter: QueueFilter, id: string): Promise<Place | null>;
  neighbour(filter: QueueFilter, id: string, forward: boolean): Promise<Place | null>;
  openDiagram(id: string): Promise<DiagramView>;
  journal(entry: JournalEntry): Promise<Saved>;
  commitCaption(slot: Slot): Promise<Committed>;
  submit(slot: Slot): Promise<Committed>;
  approve(id: string): Promise<State>;
  returnToAuthor(id: string, reason: string): Promise<State>;
  reopen(id: string): Promise<State>;
  resolveConflict(slot: Slot, keep: Keep): Promise<Committed>;
  diff(before: string, after: string): Promise<Diff>;
  startImport(paths: string[], onProgress: (progress: ImportProgress) => void): Promise<ImportReport>;
  cancelImport(): Promise<void>;
  exportWorkspace(format: ExportFormat, out: string): Promise<Exported>;

  models(): Promise<Model[]>;
  /** Reads files and asks GPU drivers: may take seconds. */
  inventory(): Promise<Inventory>;
  describeModel(path: string): Promise<ModelAbout>;
  addModel(model: NewModel): Promise<Model>;
  replaceModel(old: string, model: NewModel): Promise<Model>;
  removeModel(id: string): Promise<void>;
  /** Hands a key to the system's keyring; it never comes back. */
  keepKey(entry: string, secret: string): Promise<void>;
  serverModels(url: string, key: KeySource | null): Promise<string[]>;
  queueDrafts(request: DraftRequest): Promise<Job>;
  engine(): Promise<EngineStatus>;
  /** Starts an engine if one is needed and none runs; true if it did. */
  ensureEngine(): Promise<boolean>;
  jobs(): Promise<Job[]>;
  jobItems(id: string, state: ItemState | null, offset: number, limit: number): Promise<JobItem[]>;
  askOfJob(id: string, request: JobRequest): Promise<Job>;
  /** Says which diagram is looked at, so that it is drafted first. */
  lookAt(id: string): Promise<void>;
  followJob(id: string, cursor: string): Promise<Followed>;

  /** Somebody else wrote to the workspace. */
  onWorkspaceChanged(handler: () => void): Promise<Unlisten>;
  /** Files were dropped on the window. */
  onFilesDropped(handler: (paths: string[]) => void): Promise<Unlisten>;
  /** Files are being dragged over the window, or no longer are. */
  onFilesHovering(handler: (over: boolean) => void): Promise<Unlisten>;

  /** The window is about to close; it stays open if the handler resolves to false. */
  onClosing(handler: () => Promise<boolean>): Promise<Unlisten>;

  /** Address of a whole picture. */
  pictureUrl(hash: string): string;
  /** Address of one tile; `level` counts up to the full size. */
  tileUrl(hash: string, level: number, col: number, row: number): string;
}

let current: Backend | null = null;

/** The backend that this window talks to. */
export function backend(): Backend {
  if (current === null) throw new Error("no backend was provided");
  return current;
}

/** Names the backend to talk to: once at start, and in each component test. */
export function provideBackend(next: Backend): void {
  current = next;
}
