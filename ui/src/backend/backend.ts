/** What the window asks of the Rust side: one interface, answered by Tauri in the app and by a fake in component tests. */
import type {
  Anchor, AnswerParameters_Serialize, AnswerRequest, AuditFilter, AuditPage, BulkAction, BulkDone, BulkScope, Claim, Committed, Dashboard, DiagramView, Diff,
  DraftParameters_Serialize, DraftRequest, DrawnRegion, EngineStatus, Exported, ExportFormat, Finding, Followed,
  HistoryEntry, ImportProgress, ImportReport, Inventory, ItemState, Job_Serialize, JobItem, JobRequest, JournalEntry,
  Keep, KeySource, Model, ModelAbout, NewDecision, NewModel, NewTerm, Person, PersonInfo, Place, Policy, Problem,
  ProposeParameters_Serialize, ProposeRequest,
  Question, QuestionContent, QuestionCoverage, QuestionEntry, QuestionFilter, QuestionPage, QuestionRevision,
  QuestionSaved, QuestionTrial, QueueFilter, QueuePage, Reason, Region, RegionChange, ReviewView, Revision, Role,
  Saved, SavedFilter, Settings as StoredSettings, Slot, Startup as Started, State, StateCounts, Structure,
  StructureDiff, SubmitNote, Term, TermHit, TermsTaken, Thread, ThreeWay, WorkspaceInfo,
} from "./bindings";

/** A failure, ready to be shown. */
export type ApiError = Problem;
/** The preferences, all of them. */
export type Settings = Required<StoredSettings>;
/** What the page starts with. */
export type Startup = Omit<Started, "settings"> & { settings: Settings };
/** A job, its parameters as they really come: beside their kind, not below it. */
export type Job = Omit<Job_Serialize, "parameters"> & { parameters: JobParameters };
type JobParameters =
  | ({ kind: "draft" } & DraftParameters_Serialize)
  | ({ kind: "propose" } & ProposeParameters_Serialize)
  | ({ kind: "answer" } & AnswerParameters_Serialize);
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
  submit(slot: Slot, note: SubmitNote): Promise<Committed>;
  approve(id: string): Promise<State>;
  returnToAuthor(id: string, reason: string): Promise<State>;
  reopen(id: string): Promise<State>;
  resolveConflict(slot: Slot, keep: Keep): Promise<Committed>;
  diff(before: string, after: string): Promise<Diff>;
  threeWay(base: string, one: string, other: string): Promise<ThreeWay>;
  /** How far two texts agree by their words, 0–1. */
  agreement(one: string, other: string): Promise<number | null>;
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

  // regions, reasons, history, structure, terms and claims
  drawRegion(id: string, region: DrawnRegion): Promise<Region>;
  drawEvidence(id: string, region: DrawnRegion): Promise<Region>;
  changeRegion(id: string, region: string, change: RegionChange): Promise<Region>;
  removeRegion(id: string, region: string): Promise<void>;
  restoreRegion(id: string, region: string): Promise<Region>;
  reorderRegions(id: string, order: string[]): Promise<Region[]>;
  setReasons(slot: Slot, reasons: Reason[]): Promise<Reason[]>;
  /** Makes a draft the text of an untouched caption. */
  acceptDraft(slot: Slot, draft: string): Promise<Committed>;
  /** Takes back that a draft was accepted. */
  takeBackDraft(slot: Slot): Promise<Committed>;
  history(slot: Slot, annotator: string | null): Promise<HistoryEntry[]>;
  revision(id: string): Promise<Revision>;
  restoreRevision(slot: Slot, revision: string): Promise<Committed>;
  structure(source: string, detailed: string): Promise<Structure>;
  structureDiff(gold: string, other: string): Promise<StructureDiff | null>;
  terms(): Promise<Term[]>;
  addTerm(term: NewTerm): Promise<Term>;
  changeTerm(id: string, term: NewTerm): Promise<Term>;
  removeTerm(id: string): Promise<void>;
  restoreTerm(id: string): Promise<Term>;
  takeTerms(terms: NewTerm[]): Promise<TermsTaken>;
  /** Reads a glossary file; nothing is taken in yet. */
  readTermsFile(path: string): Promise<NewTerm[]>;
  /** Writes the glossary as CSV, TSV or JSON; how many entries. */
  exportTerms(out: string): Promise<number>;
  checkTerms(text: string): Promise<TermHit[]>;
  claim(id: string): Promise<Claim>;
  release(id: string): Promise<void>;
  claimNext(filter: QueueFilter, after: string | null): Promise<Place | null>;
  skip(id: string, reason: string): Promise<State>;
  unskip(id: string): Promise<State>;
  setDiagramKind(id: string, kind: string): Promise<void>;
  diagramKinds(): Promise<[string, number][]>;
  bulk(scope: BulkScope, action: BulkAction): Promise<BulkDone>;
  undoBulk(id: string): Promise<BulkDone>;
  filters(): Promise<SavedFilter[]>;
  saveFilter(name: string, filter: QueueFilter): Promise<SavedFilter>;
  removeFilter(id: string): Promise<void>;

  // questions
  questions(filter: QuestionFilter, offset: number, limit: number): Promise<QuestionPage>;
  question(id: string): Promise<Question>;
  addQuestion(id: string, content: QuestionContent): Promise<Question>;
  saveQuestion(entry: QuestionEntry): Promise<QuestionSaved>;
  commitQuestion(id: string): Promise<Question>;
  takeUpQuestion(id: string): Promise<Question>;
  makeQuestionReady(id: string): Promise<Question>;
  rejectQuestion(id: string, reason: string): Promise<Question>;
  restoreQuestion(id: string, revision: string): Promise<Question>;
  questionRevisions(id: string): Promise<QuestionRevision[]>;
  questionTrials(id: string): Promise<QuestionTrial[]>;
  checkQuestion(id: string, content: QuestionContent): Promise<Finding[]>;
  answerQuestion(id: string, answer: string): Promise<QuestionTrial>;
  questionCategories(): Promise<string[]>;
  questionCoverage(): Promise<QuestionCoverage>;
  queueProposals(request: ProposeRequest): Promise<Job>;
  queueAnswers(request: AnswerRequest): Promise<Job>;
  queueBlindCheck(id: string): Promise<Job | null>;

  // reviewing, people, rules and numbers
  review(id: string): Promise<ReviewView>;
  /** Keeps a lead's wording; null forgets it. */
  keepLeadText(slot: Slot, text: string | null): Promise<void>;
  decide(id: string, decision: NewDecision): Promise<State>;
  /** Takes the last decision back: the diagram stands as it did before it. */
  undoDecision(id: string): Promise<State>;
  startThread(id: string, anchor: Anchor, text: string): Promise<Thread>;
  answerThread(id: string, text: string): Promise<Thread>;
  settleThread(id: string, settled: boolean): Promise<Thread>;
  dashboard(days: number): Promise<Dashboard>;
  auditPage(filter: AuditFilter, offset: number, limit: number): Promise<AuditPage>;
  /** Writes the audit log as JSON Lines; how many lines. */
  exportAudit(out: string): Promise<number>;
  /** Writes a bundle for bug reports that holds nobody's words. */
  saveDiagnostics(out: string): Promise<void>;
  me(): Promise<Person>;
  people(): Promise<PersonInfo[]>;
  /** Gives one role or takes it away; the others stay as they are now. */
  setRole(person: string, role: Role, wanted: boolean): Promise<PersonInfo>;
  addPerson(name: string, roles: Role[]): Promise<PersonInfo>;
  renamePerson(person: string, name: string): Promise<PersonInfo>;
  policy(): Promise<Policy>;
  setPolicy(policy: Policy): Promise<Policy>;

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
  /** Address of the picture that `structure` made. */
  structureUrl(picture: string): string;
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
