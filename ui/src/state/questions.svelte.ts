/** The questions as the window sees them: a filtered list, the one that is open, and how the set covers the workspace. */
import { SvelteMap } from "svelte/reactivity";
import { backend, type Question, type QuestionContent, type QuestionCoverage, type QuestionFilter } from "../backend";
import { Paged } from "../lib/paged.svelte";
import { blank } from "../lib/questions/content";
import { Writer } from "../lib/questions/writer.svelte";
import type { Key } from "../i18n";
import { open } from "./diagram.svelte";
import { checkBlind } from "./examining.svelte";
import { openDiagram } from "./navigation";
import { goTo } from "./place.svelte";
import { fail } from "./toasts.svelte";

type Filter = Required<QuestionFilter>;
export const NO_QUESTION_FILTER: Filter = {
  diagram_id: null, state: null, kind: null, level: null, category: null, author: null, synthetic: null, difficulty: null,
  key_position: null, made_ready: null, second_answer: null, search: "",
};

let filter: Filter = $state.raw(NO_QUESTION_FILTER);
let chosen: string | null = $state(null);
let active = $state(-1);
/** Counts how often the questions were read anew: what models answered may have changed too. */
let seen = $state(0);
let coverage: QuestionCoverage | null = $state.raw(null);
let categories: readonly string[] = $state.raw([]);
const writers = new SvelteMap<string, Writer>();
const list = new Paged<Question>(async (offset, limit) => {
  const { total, questions } = await backend().questions(filter, offset, limit);
  return { total, rows: questions };
}, (thrown) => fail("failed.questions", thrown));

export const exam = {
  list,
  get filter(): Filter {
    return filter;
  },
  get active(): number {
    return active;
  },
  /** The question that is open. */
  get writer(): Writer | null {
    return chosen === null ? null : (writers.get(chosen) ?? null);
  },
  /** What a question says as it is being written here, which its row may not know yet. */
  contentOf({ id, content }: Question): QuestionContent {
    return writers.get(id)?.content ?? content;
  },
  get seen(): number {
    return seen;
  },
  get coverage(): QuestionCoverage | null {
    return coverage;
  },
  get categories(): readonly string[] {
    return categories;
  },
};

/** Forgets everything, for another workspace. */
export function resetQuestions(): void {
  filter = NO_QUESTION_FILTER;
  chosen = null;
  active = -1;
  coverage = null;
  writers.clear();
}

/** Reads the list and the numbers again; a question that is open is left to its writer. */
export async function refreshQuestions(): Promise<void> {
  await list.reload();
  followList();
  seen += 1;
  void exam.writer?.check();
  try {
    [coverage, categories] = await Promise.all([backend().questionCoverage(), backend().questionCategories()]);
  } catch (thrown) {
    fail("failed.questions", thrown);
  }
}

/** Changes what is listed and starts again at the top. */
export async function filterQuestions(change: Partial<Filter>): Promise<void> {
  filter = { ...filter, ...change };
  await list.reload(true);
  followList();
}

/** Lists exactly what a filter lets through, in the place of the questions. */
export async function showQuestions(wanted: Partial<Filter>): Promise<void> {
  goTo("questions");
  await filterQuestions({ ...NO_QUESTION_FILTER, ...wanted });
}

/** Opens the question in a row of the list, and its diagram. */
export async function chooseRow(index: number): Promise<void> {
  active = index;
  const question = list.row(index);
  if (question !== undefined) await chooseQuestion(question);
}

/** Opens a question after keeping what was typed in the one before; that one goes on trying by itself if it failed. */
export async function chooseQuestion(question: Question): Promise<void> {
  const before = exam.writer;
  if (before !== null && before.question.id !== question.id) void before.leave().catch(() => undefined);
  const known = writers.get(question.id);
  if (known === undefined) writers.set(question.id, new Writer(question, kept));
  else known.refresh(question);
  chosen = question.id;
  active = list.known().find(([, { id }]) => id === question.id)?.[0] ?? active;
  await openDiagram(question.diagram_id);
}

/** A text became a revision: it may be checked blind, and lists and numbers that speak of it are read again. */
function kept(id: string, changed: boolean): void {
  void checkBlind(id);
  if (changed) void refreshQuestions();
}

/** A list of one diagram's questions goes along to the diagram that is opened next. */
export async function followDiagram(before: string, now: string): Promise<void> {
  if (filter.diagram_id === before) await filterQuestions({ diagram_id: now });
}

/** Opens the question of this id, wherever it is. */
export async function openQuestion(id: string): Promise<void> {
  try {
    await chooseQuestion(await backend().question(id));
  } catch (thrown) {
    fail("failed.questions", thrown);
  }
}

/** Begins a question about the open diagram, like `content` if that is given. */
export async function newQuestion(content: QuestionContent = blank("single_choice")): Promise<void> {
  const diagram = open.id;
  if (diagram === null) return;
  try {
    const question = await backend().addQuestion(diagram, content);
    await refreshQuestions();
    await chooseQuestion(question);
  } catch (thrown) {
    fail("failed.question", thrown);
  }
}

/** Runs a step of a question's life and shows what came of it; false if it was refused. */
export async function step(failure: Key, run: (id: string) => Promise<Question>): Promise<boolean> {
  const writer = exam.writer;
  if (writer === null) return false;
  try {
    await writer.leave();
    writer.adopt(await run(writer.question.id));
    void refreshQuestions();
    return true;
  } catch (thrown) {
    fail(failure, thrown);
    void writer.check();
    return false;
  }
}

/** Keeps what was typed in every question; for leaving the place or closing the window. */
export async function leaveQuestions(): Promise<void> {
  await Promise.all([...writers.values()].filter(({ settled, writable }) => writable || !settled).map((writer) => writer.leave()));
}

function followList(): void {
  for (const [index, question] of list.known()) {
    writers.get(question.id)?.refresh(question);
    if (question.id === chosen) active = index;
  }
  if (!list.known().some(([, { id }]) => id === chosen)) active = -1;
}
