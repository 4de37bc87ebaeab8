/** Drafting as the window sees it: the workspace's models, its jobs, and the choices for the next draft. Rust owns the rows. */
import { backend, type DraftScope, type EngineStatus, type Job, type JobRequest, type Level, type Model, type PromptLanguage, type Redraft, type Sampling } from "../backend";
import { shownLanguage, type Key } from "../i18n";
import { recall, remember } from "./remembered";
import { session } from "./session.svelte";
import { fail } from "./toasts.svelte";

/** What the next draft is made with. */
export interface Choice {
  readonly modelId: string | null;
  readonly language: PromptLanguage;
  readonly levels: readonly Level[];
}

interface Drafting {
  /** Null until they were read. */
  readonly models: readonly Model[] | null;
  /** Newest first. */
  readonly jobs: readonly Job[];
  /** Null until it was asked. */
  readonly engine: EngineStatus | null;
  readonly choice: Choice;
  /** Failures of jobs up to this number were read. */
  readonly readUpTo: number;
}

/** Levels in the order in which they are read. */
export const LEVELS: readonly Level[] = ["global", "partial", "detailed", "structure"];
const NO_CHOICE: Choice = { modelId: null, language: "en", levels: ["global"] };
const EMPTY: Drafting = { models: null, jobs: [], engine: null, choice: NO_CHOICE, readUpTo: 0 };
/** The likeliest words, so that the same question gets the same draft. */
const SAMPLING: Sampling = { temperature: 0, top_p: null, top_k: null, repetition_penalty: 1, max_new_tokens: 1024, seed: 0 };

let state = $state.raw<Drafting>(EMPTY);
/** Raised for each workspace; answers about another one are dropped. */
let generation = 0;

export const drafting = {
  get now(): Drafting {
    return state;
  },
  /** Jobs that still have work to do, the one at work first. */
  get open(): readonly Job[] {
    const rank = (job: Job): number => ({ running: 0, paused: 2 })[job.state as string] ?? 1;
    return state.jobs.filter(isOpen).sort((one, other) => rank(one) - rank(other) || other.priority - one.priority || one.number - other.number);
  },
  /** Jobs that failed, or of which a part failed, and that nobody has read about yet. */
  get unread(): readonly Job[] {
    return state.jobs.filter((job) => job.number > state.readUpTo && !isOpen(job) && (job.state === "failed" || job.failed > 0));
  },
  /** The model that drafts next, if the workspace still has it. */
  get model(): Model | null {
    return state.models?.find(({ id }) => id === state.choice.modelId) ?? null;
  },
};

export function isOpen(job: Job): boolean {
  return job.state === "queued" || job.state === "running" || job.state === "paused";
}

/** Whether a model can draft from a picture: text models cannot. */
export function seesPictures(model: Model): boolean {
  return model.source.kind !== "gguf";
}

/** Reads a workspace's models and jobs, and starts an engine where work was left waiting. */
export async function startDrafting(): Promise<void> {
  const mine = ++generation;
  const readUpTo = recall(key("read"), 0, (value): value is number => typeof value === "number");
  state = { ...EMPTY, choice: recall(key("choice"), { ...NO_CHOICE, language: shownLanguage() === "en" ? "en" : "zh" }, isChoice), readUpTo };
  await Promise.all([refreshModels(), refreshJobs()]);
  if (mine === generation && state.jobs.some((job) => job.state === "queued" || job.state === "running")) await startEngine();
}

export async function refreshModels(): Promise<void> {
  const mine = generation;
  try {
    const models = await backend().models();
    if (mine !== generation) return;
    state = { ...state, models };
    const able = models.filter(seesPictures);
    // The only one there is needs no choosing.
    if (drafting.model === null && able.length > 0) choose({ modelId: able[0]?.id ?? null });
  } catch (thrown) {
    if (mine === generation) fail("failed.models", thrown);
  }
}

/** Reads the jobs again, and whether an engine runs. */
export async function refreshJobs(): Promise<void> {
  const mine = generation;
  try {
    const [jobs, engine] = await Promise.all([backend().jobs(), backend().engine()]);
    if (mine === generation) state = { ...state, jobs, engine };
  } catch (thrown) {
    if (mine === generation) fail("failed.jobs", thrown);
  }
}

/** Chooses what the next draft is made with, and remembers it. */
export function choose(change: Partial<Choice>): void {
  state = { ...state, choice: { ...state.choice, ...change } };
  remember(key("choice"), state.choice);
}

/** Everything that failed so far was read. */
export function markRead(): void {
  const readUpTo = Math.max(state.readUpTo, ...state.jobs.filter((job) => !isOpen(job)).map((job) => job.number));
  if (readUpTo === state.readUpTo) return;
  state = { ...state, readUpTo };
  remember(key("read"), readUpTo);
}

/** Queues drafts by the present choice and sees to it that an engine runs; true if they were queued. */
export async function draft(scope: DraftScope, redraft: Redraft, levels: readonly Level[] = state.choice.levels): Promise<boolean> {
  const { modelId, language } = state.choice;
  if (modelId === null) return false;
  const request = { model_id: modelId, levels: [...levels], language, scope, redraft, sampling: SAMPLING };
  return change("failed.draft", () => backend().queueDrafts(request));
}

/** Pauses, resumes or cancels a job. */
export function askOf(job: Job, request: JobRequest): Promise<boolean> {
  return change("failed.job", () => backend().askOfJob(job.id, request));
}

/** Most failures of one job that are tried again at once. */
const RETRIED = 1000;

/** Tries again what failed: the same job where nothing came of it, else a new one for the rest. */
export async function retry(job: Job): Promise<boolean> {
  if (job.state === "failed") return askOf(job, "resume");
  return change("failed.job", async () => {
    const items = await backend().jobItems(job.id, "failed", 0, RETRIED);
    const ids = [...new Set(items.map((item) => item.diagram_id))];
    const { parameters } = job;
    const model_id = parameters.model.id;
    if (parameters.kind === "answer") {
      const questions = items.flatMap(({ question_id }) => (question_id === null ? [] : [question_id]));
      await backend().queueAnswers({ model_id, scope: { which: "ids", ids: questions }, blind: parameters.blind, again: false });
    } else if (parameters.kind === "propose") {
      const { kinds, per_diagram, language, sampling } = parameters;
      await backend().queueProposals({ model_id, kinds, per_diagram, language, sampling, scope: { which: "ids", ids } });
    } else {
      const { levels, language, sampling } = parameters;
      await backend().queueDrafts({ model_id, levels, language, sampling, scope: { which: "ids", ids }, redraft: "missing" });
    }
  });
}

/** Starts an engine if work waits and none runs. */
export async function startEngine(): Promise<void> {
  try {
    if (await backend().ensureEngine()) await refreshJobs();
  } catch (thrown) {
    fail("failed.engine", thrown);
  }
}

/** Changes the queue of jobs and sees to it that an engine runs; true if it was changed. */
export async function change(failure: Key, ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
  } catch (thrown) {
    fail(failure, thrown);
    return false;
  }
  await refreshJobs();
  await startEngine();
  return true;
}

function key(what: string): string {
  return `drafting.${what}.${session.now.workspace?.path ?? ""}`;
}

function isChoice(value: unknown): value is Choice {
  if (typeof value !== "object" || value === null) return false;
  const { modelId, language, levels } = value as Record<string, unknown>;
  const known = (level: unknown): boolean => LEVELS.some((each) => each === level);
  return (
    (modelId === null || typeof modelId === "string") &&
    (language === "en" || language === "zh") &&
    Array.isArray(levels) && levels.length > 0 && levels.every(known)
  );
}
