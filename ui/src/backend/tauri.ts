/** The backend of the real window: generated Tauri commands, and the events and addresses that go with them. */
import { Channel, convertFileSrc } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { getCurrentWindow } from "@tauri-apps/api/window";
import type { Backend, Job, Settings } from "./backend";
import { commands, type ImportProgress, type Job_Serialize, type Problem } from "./bindings";

const DEFAULTS: Settings = { language: "system", theme: "system", recent: [], people: {} };

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
    submit: (slot, note) => answer(commands.submit(slot, note)),
    approve: (id) => answer(commands.approve(id)),
    returnToAuthor: (id, reason) => answer(commands.returnToAuthor(id, reason)),
    reopen: (id) => answer(commands.reopen(id)),
    resolveConflict: (slot, keep) => answer(commands.resolveConflict(slot, keep)),
    diff: (before, after) => answer(commands.diff(before, after)),
    threeWay: (base, one, other) => answer(commands.threeWay(base, one, other)),
    agreement: (one, other) => answer(commands.agreement(one, other)),
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
    drawRegion: (id, region) => answer(commands.drawRegion(id, region)),
    drawEvidence: (id, region) => answer(commands.drawEvidence(id, region)),
    changeRegion: (id, region, change) => answer(commands.changeRegion(id, region, change)),
    removeRegion: async (id, region) => void (await answer(commands.removeRegion(id, region))),
    restoreRegion: (id, region) => answer(commands.restoreRegion(id, region)),
    reorderRegions: (id, order) => answer(commands.reorderRegions(id, order)),
    setReasons: (slot, reasons) => answer(commands.setReasons(slot, reasons)),
    acceptDraft: (slot, draft) => answer(commands.acceptDraft(slot, draft)),
    takeBackDraft: (slot) => answer(commands.takeBackDraft(slot)),
    history: (slot, annotator) => answer(commands.history(slot, annotator)),
    revision: (id) => answer(commands.revision(id)),
    restoreRevision: (slot, revision) => answer(commands.restoreRevision(slot, revision)),
    structure: (source, detailed) => answer(commands.structure(source, detailed)),
    structureDiff: (gold, other) => answer(commands.structureDiff(gold, other)),
    terms: () => answer(commands.terms()),
    addTerm: (term) => answer(commands.addTerm(term)),
    changeTerm: (id, term) => answer(commands.changeTerm(id, term)),
    removeTerm: async (id) => void (await answer(commands.removeTerm(id))),
    restoreTerm: (id) => answer(commands.restoreTerm(id)),
    takeTerms: (terms) => answer(commands.takeTerms(terms)),
    readTermsFile: (path) => answer(commands.readTermsFile(path)),
    exportTerms: (out) => answer(commands.exportTerms(out)),
    checkTerms: (text) => answer(commands.checkTerms(text)),
    claim: (id) => answer(commands.claim(id)),
    release: async (id) => void (await answer(commands.release(id))),
    claimNext: (filter, after) => answer(commands.claimNext(filter, after)),
    skip: (id, reason) => answer(commands.skip(id, reason)),
    unskip: (id) => answer(commands.unskip(id)),
    setDiagramKind: async (id, kind) => void (await answer(commands.setDiagramKind(id, kind))),
    diagramKinds: () => answer(commands.diagramKinds()),
    bulk: (scope, action) => answer(commands.bulk(scope, action)),
    undoBulk: (id) => answer(commands.undoBulk(id)),
    filters: () => answer(commands.filters()),
    saveFilter: (name, filter) => answer(commands.saveFilter(name, filter)),
    removeFilter: async (id) => void (await answer(commands.removeFilter(id))),
    questions: (filter, offset, limit) => answer(commands.questions(filter, offset, limit)),
    question: (id) => answer(commands.question(id)),
    addQuestion: (id, content) => answer(commands.addQuestion(id, content)),
    saveQuestion: (entry) => answer(commands.saveQuestion(entry)),
    commitQuestion: (id) => answer(commands.commitQuestion(id)),
    takeUpQuestion: (id) => answer(commands.takeUpQuestion(id)),
    makeQuestionReady: (id) => answer(commands.makeQuestionReady(id)),
    rejectQuestion: (id, reason) => answer(commands.rejectQuestion(id, reason)),
    restoreQuestion: (id, revision) => answer(commands.restoreQuestion(id, revision)),
    questionRevisions: (id) => answer(commands.questionRevisions(id)),
    questionTrials: (id) => answer(commands.questionTrials(id)),
    checkQuestion: (id, content) => answer(commands.checkQuestion(id, content)),
    answerQuestion: (id, given) => answer(commands.answerQuestion(id, given)),
    questionCategories: () => answer(commands.questionCategories()),
    questionCoverage: () => answer(commands.questionCoverage()),
    queueProposals: async (request) => jobOf(await answer(commands.queueProposals(request))),
    queueAnswers: async (request) => jobOf(await answer(commands.queueAnswers(request))),
    queueBlindCheck: async (id) => {
      const queued = await answer(commands.queueBlindCheck(id));
      return queued === null ? null : jobOf(queued);
    },
    review: (id) => answer(commands.review(id)),
    keepLeadText: async (slot, text) => void (await answer(commands.keepLeadText(slot, text))),
    decide: (id, decision) => answer(commands.decide(id, decision)),
    undoDecision: (id) => answer(commands.undoDecision(id)),
    startThread: (id, anchor, text) => answer(commands.startThread(id, anchor, text)),
    answerThread: (id, text) => answer(commands.answerThread(id, text)),
    settleThread: (id, settled) => answer(commands.settleThread(id, settled)),
    dashboard: (days) => answer(commands.dashboard(days)),
    auditPage: (filter, offset, limit) => answer(commands.auditPage(filter, offset, limit)),
    exportAudit: (out) => answer(commands.exportAudit(out)),
    saveDiagnostics: async (out) => void (await answer(commands.saveDiagnostics(out))),
    me: () => answer(commands.me()),
    people: () => answer(commands.people()),
    setRole: (person, role, wanted) => answer(commands.setRole(person, role, wanted)),
    addPerson: (name, roles) => answer(commands.addPerson(name, roles)),
    renamePerson: (person, name) => answer(commands.renamePerson(person, name)),
    policy: () => answer(commands.policy()),
    setPolicy: (policy) => answer(commands.setPolicy(policy)),
    onWorkspaceChanged: (handler) => listen("workspace_changed", () => handler()),
    onFilesDropped: (handler) => listen<string[]>("files_dropped", (event) => handler(event.payload)),
    onFilesHovering: (handler) => listen<boolean>("files_hovering", (event) => handler(event.payload)),
    onClosing: (handler) =>
      getCurrentWindow().onCloseRequested(async (event) => {
        if (!(await handler())) event.preventDefault();
      }),
    pictureUrl: (hash) => calloutUrl(`picture/${hash}`),
    structureUrl: (picture) => calloutUrl(`structure/${picture}`),
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
