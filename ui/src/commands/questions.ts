/** Commands on questions: begun anywhere, written and verified in their place. */
import { backend } from "../backend";
import { showDialog } from "../state/dialogs.svelte";
import { open } from "../state/diagram.svelte";
import { seesPictures } from "../state/drafting.svelte";
import { askModel, examining } from "../state/examining.svelte";
import { me } from "../state/me.svelte";
import { openDiagram } from "../state/navigation";
import { panes } from "../state/panes";
import { goTo, place } from "../state/place.svelte";
import { NO_FILTER, queue } from "../state/queue.svelte";
import { chooseRow, exam, newQuestion, step } from "../state/questions.svelte";
import { fail } from "../state/toasts.svelte";
import { trying } from "../state/trying.svelte";
import type { Command } from "./command";

const HERE = ["questions"] as const;
const author = (): boolean => me.is("author");
const stateIs = (...states: string[]): boolean => exam.writer !== null && states.includes(exam.writer.question.state);

export const addQuestion: Command = {
  id: "question.add", group: "questions", title: "questions.command_add", keys: ["Alt+Q"], places: ["annotate", "questions"],
  enabled: () => open.id !== null && author(),
  run: async () => {
    if (place.now !== "questions") goTo("questions");
    trying.on = false;
    await newQuestion();
    setTimeout(() => panes.question?.focus());
  },
};
const duplicate: Command = {
  id: "question.duplicate", group: "questions", title: "questions.command_duplicate", keys: [], places: HERE,
  enabled: () => exam.writer !== null && author(),
  run: async () => {
    const content = exam.writer?.content;
    if (content !== undefined) await newQuestion({ ...content, overruled: [] });
  },
};
export const makeReady: Command = {
  id: "question.ready", group: "questions", title: "questions.command_ready", keys: ["Mod+Enter"], places: HERE,
  enabled: () => stateIs("draft") && author() && exam.writer?.findings !== null && exam.writer?.blocking.length === 0 && !trying.on,
  run: () => step("failed.question_ready", (id) => backend().makeQuestionReady(id)),
};
export const takeUp: Command = {
  id: "question.take_up", group: "questions", title: "questions.command_take_up", keys: ["Mod+Shift+T"], places: HERE,
  enabled: () => stateIs("proposed", "ready", "rejected") && author(),
  run: () => step("failed.question", (id) => backend().takeUpQuestion(id)),
};
/** Takes a suggestion as it is; where a check stands in the way it is open for editing, with the findings beside it. */
export const acceptQuestion: Command = {
  id: "question.accept", group: "questions", title: "questions.command_accept", keys: ["Mod+Shift+A"], places: HERE,
  enabled: () => stateIs("proposed") && author(),
  run: async () => {
    if (!(await step("failed.question", (id) => backend().takeUpQuestion(id)))) return;
    await exam.writer?.check();
    if (exam.writer?.blocking.length === 0) await step("failed.question_ready", (id) => backend().makeQuestionReady(id));
  },
};
export const rejectQuestion: Command = {
  id: "question.reject", group: "questions", title: "questions.command_reject", keys: ["Mod+Shift+R"], places: HERE,
  enabled: () => stateIs("proposed", "draft", "ready") && author(),
  run: () => showDialog("reject"),
};
/** Whether what is on the screen is what an examinee would be asked; says so if it cannot be stored. */
async function stored(): Promise<boolean> {
  try {
    await exam.writer?.flush();
    return true;
  } catch (thrown) {
    fail("failed.question", thrown);
    return false;
  }
}
function beginTrying(): void {
  trying.answered = false;
  trying.on = true;
}
export const tryQuestion: Command = {
  id: "question.try", group: "questions", title: "questions.command_try", keys: ["Alt+T"], places: HERE,
  enabled: () => exam.writer !== null && exam.writer.theirs === null && !trying.on,
  run: async () => {
    if (await stored()) beginTrying();
  },
};
/** Has a model suggest questions; an expert takes them up or turns them down. */
export const proposeQuestions: Command = {
  id: "question.propose", group: "questions", title: "questions.command_propose", keys: ["Mod+Shift+S"], places: ["annotate", "questions"],
  enabled: () => author() && (open.id !== null || queue.now.total > 0), run: () => showDialog("propose"),
};
const ask = (blind: boolean): Command => ({
  id: blind ? "question.ask_blind" : "question.ask_model", group: "questions", title: blind ? "questions.command_ask_blind" : "questions.command_ask_model",
  keys: [blind ? "Alt+B" : "Alt+M"], places: HERE,
  enabled: () => exam.writer !== null && exam.writer.theirs === null && examining.model !== null && (blind || seesPictures(examining.model)),
  run: async () => {
    const writer = exam.writer;
    if (writer === null || !(await stored())) return;
    if (!trying.on) beginTrying();
    await askModel({ which: "ids", ids: [writer.question.id] }, blind);
  },
});
export const askWithPicture = ask(false);
export const askBlind = ask(true);
const history: Command = {
  id: "question.history", group: "questions", title: "questions.command_history", keys: ["Alt+H"], places: HERE,
  enabled: () => exam.writer !== null, run: () => showDialog("question_history"),
};
const beside = (by: 1 | -1): Command => ({
  id: by === 1 ? "question.next" : "question.previous", group: "questions",
  title: by === 1 ? "questions.command_next" : "questions.command_previous", keys: [by === 1 ? "Alt+PageDown" : "Alt+PageUp"], places: HERE,
  enabled: () => exam.list.total > 0,
  run: () => chooseRow(Math.max(0, Math.min(exam.active + by, exam.list.total - 1))),
});
export const withoutQuestions: Command = {
  id: "question.without", group: "questions", title: "questions.command_without", keys: ["Alt+N"], places: HERE,
  enabled: author,
  run: async () => {
    const filter = { ...NO_FILTER, mark: "no_question" as const };
    try {
      const from = open.id;
      const place = (from === null ? null : await backend().neighbour(filter, from, true)) ?? (await backend().queuePage(filter, 0, 1)).rows[0];
      if (place != null) await openDiagram(place.id);
    } catch (thrown) {
      fail("failed.diagram", thrown);
    }
  },
};
const undo: Command = {
  id: "question.undo", group: "questions", title: "questions.command_undo", keys: [], places: HERE,
  enabled: () => exam.writer?.canUndo === true && exam.writer.writable, run: () => exam.writer?.undo(),
};
const redo: Command = {
  id: "question.redo", group: "questions", title: "questions.command_redo", keys: [], places: HERE,
  enabled: () => exam.writer?.canRedo === true && exam.writer.writable, run: () => exam.writer?.redo(),
};

export const questionsCommands: readonly Command[] = [
  addQuestion, makeReady, acceptQuestion, takeUp, rejectQuestion, tryQuestion, duplicate, history, beside(1), beside(-1), withoutQuestions, proposeQuestions, askWithPicture, askBlind, undo, redo,
];
