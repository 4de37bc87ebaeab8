/** Lines of the audit log in words: what changed, from what to what. Ids of revisions say nothing and are left out. */
import type { Action, AuditEntry, Role, State } from "../../backend";
import { t, type Key } from "../../i18n";
import { STATE_TITLE } from "../../shell/states";

/** All kinds of lines, in the order in which they are offered. */
export const ACTIONS: readonly Action[] = [
  "submit", "approve", "return", "reopen", "decide", "skip", "begin", "revise", "restore", "conflict", "resolve", "reasons", "undo", "region", "claim", "plan", "bulk",
  "question", "thread", "term", "import", "draft", "model", "job", "request", "person", "policy", "join", "create",
];
const ROLES: readonly Role[] = ["annotator", "author", "lead"];
const REASONS = ["wrong_relation", "missing_element", "wrong_direction", "wrong_term", "invented", "style"] as const;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-/;

const is = <Word extends string>(words: readonly Word[], word: string): word is Word => words.some((each) => each === word);

export function actionTitle(action: string): string {
  return is(ACTIONS, action) ? t(`people.action.${action}`) : action;
}

/** What it changed, in words; empty where the action says it all. */
export function changeOf(entry: AuditEntry): string {
  const { before, after } = ends(entry);
  if (before !== "" && after !== "") return `${before} → ${after}`;
  if (after !== "") return after;
  return before === "" ? "" : `${before} → —`;
}

/** What somebody wrote to it; notes that only name things are left out. */
export function noteOf({ action, note }: AuditEntry): string {
  if (note === null || note === "" || ["submit", "approve", "thread", "question", "model", "plan", "reasons", "decide"].includes(action) || ID.test(note)) return "";
  return note;
}

function ends(entry: AuditEntry): { before: string; after: string } {
  const { before, after, about } = entry;
  if (entry.action === "claim") return { before: about?.before ?? "", after: about?.after ?? (after === null ? t("people.claim_ended") : "") };
  const words = (text: string | null): string => (text === null ? "" : word(entry, text));
  const ended = { before: words(before), after: words(after) };
  // A whole text, a shape or a rule: that it changed is what can be told.
  return ended.before === ended.after ? { before: "", after: ended.after } : ended;
}

function word({ action, note }: AuditEntry, text: string): string {
  if (action === "question" && ID.test(text)) return t("people.word.text");
  if (text === "" || ID.test(text) || (action === "import" && /^[0-9a-f]{64}$/.test(text))) return "";
  if (text.startsWith("{") || text.startsWith("[")) return named(action, text);
  if (action === "plan" && note === "second") return t(text === "true" ? "people.yes" : "people.no");
  if (action === "plan" && note === "plan") return t("people.place", { place: Number(text) + 1 });
  if (action === "person" && text.split(" ").every((each) => is(ROLES, each))) return text.split(" ").map((each) => t(`people.role.${each as Role}`)).join(", ");
  if (action === "reasons") return text.split(" ").map((each) => (is(REASONS, each) ? t(`history.reason.${each}`) : each)).join(", ");
  if (action === "question" && text in QUESTION) return t(QUESTION[text] as Key);
  if (text in STATE_TITLE) return t(STATE_TITLE[text as State]);
  return text in WORDS ? t(WORDS[text] as Key) : text;
}

/** What a piece of JSON is called, where it has a name. */
function named(action: string, text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return "";
    const get = (key: string): string => (key in value ? String((value as Record<string, unknown>)[key] ?? "") : "");
    if (action === "bulk") return is(BULK, get("kind")) ? t(`work.actions.${get("kind") as (typeof BULK)[number]}`) : "";
    return [get("name"), get("en"), get("zh")].filter((each) => each !== "").join(" / ");
  } catch {
    return "";
  }
}

const BULK = ["plan", "diagram_kind", "skip", "unskip", "second"] as const;
const QUESTION: Record<string, Key> = { proposed: "questions.states.proposed", draft: "questions.states.draft", ready: "questions.states.ready", rejected: "questions.states.rejected" };
const WORDS: Record<string, Key> = {
  started: "people.word.started", answered: "people.word.answered", open: "people.word.open", settled: "people.word.settled",
  added: "people.word.added", removed: "people.word.removed", undone: "people.word.undone",
  accept: "people.word.accept", fix: "people.word.fix", return: "people.word.return",
  queued: "people.word.queued", running: "people.word.running", paused: "people.word.paused", done: "people.word.done", failed: "people.word.failed", cancelled: "people.word.cancelled",
  cancel: "people.word.cancel", pause: "people.word.pause", resume: "people.word.resume",
};
