/** Models that propose questions and that answer them, as the window asks for it. Rust owns the rows. */
import { backend, type DraftScope, type Model, type PromptLanguage, type QuestionKind, type QuestionScope } from "../backend";
import { shownLanguage } from "../i18n";
import { change, drafting, refreshJobs, startEngine } from "./drafting.svelte";
import { recall, remember } from "./remembered";
import { session } from "./session.svelte";

/** What the next suggestions are made with. */
export interface Asking {
  readonly modelId: string | null;
  readonly kinds: readonly QuestionKind[];
  readonly count: number;
  readonly language: PromptLanguage;
}

export const KINDS: readonly QuestionKind[] = ["single_choice", "multiple_choice", "true_false", "fill_in"];
export const MOST_QUESTIONS = 20;
/** Room for twenty questions; the likeliest words, so that the same diagram gets the same ones. */
const SAMPLING = { temperature: 0, top_p: null, top_k: null, repetition_penalty: 1, max_new_tokens: 4096, seed: 0 };

let asking = $state.raw<Asking | null>(null);

export const examining = {
  get now(): Asking {
    return asking ?? remembered();
  },
  /** The model that asks and answers next: the one chosen, else the one that drafts, else the first. */
  get model(): Model | null {
    const models = drafting.now.models ?? [];
    return models.find(({ id }) => id === examining.now.modelId) ?? drafting.model ?? models[0] ?? null;
  },
};

/** Forgets the choices of another workspace. */
export function resetExamining(): void {
  asking = null;
}

/** Chooses how the next suggestions are made, and remembers it. */
export function chooseAsking(change: Partial<Asking>): void {
  asking = { ...examining.now, ...change };
  remember(key(), asking);
}

/** Queues suggestions by the present choice; true if they were queued. */
export async function propose(scope: DraftScope): Promise<boolean> {
  const { kinds, count, language } = examining.now;
  const model = examining.model;
  if (model === null) return false;
  return change("failed.propose", () => backend().queueProposals({ model_id: model.id, kinds: [...kinds], per_diagram: count, language, scope, sampling: SAMPLING }));
}

/** Has the chosen model answer questions, once more if it has; true if that was queued. */
export async function askModel(scope: QuestionScope, blind: boolean): Promise<boolean> {
  const model = examining.model;
  if (model === null) return false;
  return change("failed.ask_model", () => backend().queueAnswers({ model_id: model.id, scope, blind, again: true }));
}

/** Has a question that was kept checked without its picture, where the workspace's rules want that. */
export async function checkBlind(id: string): Promise<void> {
  try {
    if ((await backend().queueBlindCheck(id)) === null) return;
  } catch {
    // A check in the background; the question itself is kept, and the next time it is kept is another chance.
    return;
  }
  await refreshJobs();
  await startEngine();
}

function key(): string {
  return `examining.${session.now.workspace?.path ?? ""}`;
}

function remembered(): Asking {
  const usual: Asking = { modelId: null, kinds: KINDS, count: 4, language: shownLanguage() === "en" ? "en" : "zh" };
  return recall(key(), usual, isAsking);
}

function isAsking(value: unknown): value is Asking {
  if (typeof value !== "object" || value === null) return false;
  const { modelId, kinds, count, language } = value as Record<string, unknown>;
  return (
    (modelId === null || typeof modelId === "string") &&
    Array.isArray(kinds) && kinds.length > 0 && kinds.every((kind) => KINDS.some((each) => each === kind)) &&
    typeof count === "number" && count >= 1 && count <= MOST_QUESTIONS &&
    (language === "en" || language === "zh")
  );
}
