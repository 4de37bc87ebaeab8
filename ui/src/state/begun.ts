/** Comments, answers and notes that were begun and not sent: they wait, also over the end of the program. */
import type { Anchor, Reason } from "../backend";
import { recall, remember } from "./remembered";
import { session } from "./session.svelte";

/** What a lead began to say about one diagram. */
export interface Begun {
  readonly about: Anchor | null;
  readonly comment: string;
  readonly note: string;
  readonly reasons: readonly Reason[];
}

const isRecord = (value: unknown): value is Record<string, never> => typeof value === "object" && value !== null && !Array.isArray(value);
const keyOf = (what: "begun" | "answers"): string => `${what}.${session.now.workspace?.path ?? ""}`;

export function begunOf(diagramId: string): Begun | null {
  return recall<Record<string, Begun>>(keyOf("begun"), {}, isRecord)[diagramId] ?? null;
}

/** Keeps what was begun; where nothing was, forgets the diagram. */
export function keepBegun(diagramId: string, begun: Begun): void {
  const { [diagramId]: _, ...others } = recall<Record<string, Begun>>(keyOf("begun"), {}, isRecord);
  const said = begun.comment.trim() !== "" || begun.note.trim() !== "" || begun.reasons.length > 0;
  remember(keyOf("begun"), said ? { ...others, [diagramId]: begun } : others);
}

/** Answers that were begun, by conversation. */
export function begunAnswers(): Record<string, string> {
  return recall<Record<string, string>>(keyOf("answers"), {}, isRecord);
}

export function keepAnswer(threadId: string, text: string): void {
  const { [threadId]: _, ...others } = begunAnswers();
  remember(keyOf("answers"), text.trim() === "" ? others : { ...others, [threadId]: text });
}
