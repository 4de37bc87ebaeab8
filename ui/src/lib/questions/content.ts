/** Edits of what a question says; pure, so that every one can be undone. */
import type { Choice, Finding, Overruled, QuestionContent, QuestionKind } from "../../backend";

export const KINDS: readonly QuestionKind[] = ["single_choice", "multiple_choice", "true_false", "fill_in"];
export const LEVELS = ["global", "partial", "detailed"] as const;
export const DIFFICULTIES = ["easy", "medium", "hard"] as const;
/** Options are lettered A–Z. */
export const MOST_CHOICES = 26;

export const letter = (index: number): string => String.fromCharCode(65 + index);
const blankChoice = (): Choice => ({ text: "", right: false });

/** A question that nobody wrote yet. */
export function blank(kind: QuestionKind): QuestionContent {
  const content: QuestionContent = {
    kind: "true_false", stem: "", choices: [], truth: null, accepted: [], unit: "", tolerance: null, rationale: "",
    level: "detailed", difficulty: "medium", category: "", evidence: [], overruled: [],
  };
  return withKind(content, kind);
}

export const isChoice = (kind: QuestionKind): boolean => kind === "single_choice" || kind === "multiple_choice";

/** The same question asked another way: what the other way has no place for is left out, and undone by going back. */
export function withKind(content: QuestionContent, kind: QuestionKind): QuestionContent {
  if (kind === content.kind) return content;
  const key = content.choices.filter(({ right }) => right).map(({ text }) => text);
  const next: QuestionContent = { ...content, kind };
  if (isChoice(kind)) {
    const known = content.choices.length > 0 ? content.choices : content.accepted.map((text) => ({ text, right: true }));
    next.choices = Array.from({ length: Math.max(4, known.length) }, (_, index) => known[index] ?? blankChoice());
    if (kind === "single_choice") {
      const first = next.choices.findIndex(({ right }) => right);
      next.choices = next.choices.map((choice, index) => ({ ...choice, right: index === first }));
    }
  } else next.choices = [];
  if (kind !== "true_false") next.truth = null;
  if (kind === "fill_in") next.accepted = content.accepted.length > 0 ? content.accepted : key;
  else {
    next.accepted = [];
    next.unit = "";
    next.tolerance = null;
  }
  return next;
}

/** Marks or unmarks an option as right; a single choice has one key. */
export function withKey(content: QuestionContent, index: number): QuestionContent {
  const single = content.kind === "single_choice";
  const choices = content.choices.map((choice, at) => ({
    ...choice, right: at === index ? (single ? true : !choice.right) : single ? false : choice.right,
  }));
  return { ...content, choices };
}

/** An option's words; several lines become several options, without the letters in front of them. */
export function withChoice(content: QuestionContent, index: number, typed: string): QuestionContent {
  const lines = typed.split(/\r?\n/).map(unlettered).filter((line, _, all) => line !== "" || all.length === 1);
  const [first = "", ...more] = lines.length > 1 ? lines : [typed.replace(/\r?\n/g, " ")];
  const choices = [...content.choices];
  choices[index] = { ...(choices[index] ?? blankChoice()), text: first };
  // What is pasted fills the empty options below before it makes new ones.
  more.forEach((text, at) => {
    const place = index + 1 + at;
    if (choices[place]?.text.trim() === "") choices[place] = { ...choices[place], text };
    else choices.splice(place, 0, { text, right: false });
  });
  return { ...content, choices: choices.slice(0, MOST_CHOICES) };
}

export function withNewChoice(content: QuestionContent): QuestionContent {
  return content.choices.length >= MOST_CHOICES ? content : { ...content, choices: [...content.choices, blankChoice()] };
}

export function withoutChoice(content: QuestionContent, index: number): QuestionContent {
  return { ...content, choices: content.choices.filter((_, at) => at !== index) };
}

/** Moves one element of a list by `by` places, as far as the list goes. */
export function moved<Item>(items: readonly Item[], index: number, by: number): Item[] {
  const next = [...items];
  const [item] = next.splice(index, 1);
  if (item !== undefined) next.splice(Math.max(0, Math.min(index + by, items.length - 1)), 0, item);
  return next;
}

/** What a note keeps of a finding, so that it answers for that one only. */
export type Noted = Pick<Finding, "check" | "about">;

/** Whether a note answers for a finding; those from before it was kept what they are about answer for the whole check. */
const answers = (note: Overruled, { check, about }: Noted): boolean => note.check === check && (note.about == null || note.about === about);

/** Why a finding does not apply; empty where nobody said so. */
export function noteOn(content: QuestionContent, finding: Noted): string {
  return content.overruled.find((note) => answers(note, finding))?.note ?? "";
}

/** Puts or clears the reason why a finding does not apply. */
export function withNote(content: QuestionContent, finding: Noted, note: string | null): QuestionContent {
  const others = content.overruled.filter((each) => !answers(each, finding));
  return { ...content, overruled: note === null ? others : [...others, { check: finding.check, about: finding.about, note }] };
}

/** An order in which an examinee may meet the options: a permutation of their indices. */
export function shuffled(count: number, random: () => number = Math.random): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}

function unlettered(line: string): string {
  return line.trim().replace(/^(?:[(（]?[A-Za-z][.)、．：:）]|[-*•])\s*/, "");
}
