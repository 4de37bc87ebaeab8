/** Failures in the language shown now: their own English, or the Chinese sentence of the same name. */
import type { Named } from "../backend";
import { shownLanguage } from ".";
import errors from "./zh-CN/errors.json";

/** A failure as it comes from Rust; `named` is missing where it has no name. */
export interface Failure {
  readonly message: string;
  readonly help?: string | null;
  readonly named?: Named | null;
}

/** What is wrong, and what to do next. */
export interface Told {
  readonly message: string;
  readonly help: string | null;
}

const messages: Record<string, { message: string; help?: string }> = errors.messages;
const words: Record<string, Record<string, string>> = errors.words;

/** `{{a}}` is the first detail as it is; `{{a|state}}` its word in the list `state`; `{{a|time}}` a time. */
const PLACE = /\{\{([a-h])(?:\|(\w+))?\}\}/g;

function filled(text: string, details: readonly string[]): string {
  return text.replace(PLACE, (_place, letter: string, list: string | undefined) => {
    const detail = details[letter.charCodeAt(0) - "a".charCodeAt(0)] ?? "";
    if (list === undefined) return detail;
    if (list === "time") return new Intl.DateTimeFormat("zh-CN", { dateStyle: "medium", timeStyle: "short" }).format(new Date(detail));
    // Several roles are one detail, of which any will do.
    const each = list === "role" ? detail.split(" ") : [detail];
    return each.map((word) => words[list]?.[word] ?? word).join("”或“");
  });
}

/** What a failure says; read in a template or effect, it follows a change of language. */
export function told({ message, help = null, named = null }: Failure): Told {
  const entry = shownLanguage() === "en" || named === null ? undefined : messages[named.key];
  if (entry === undefined || named === null) return { message, help };
  return { message: filled(entry.message, named.details), help: entry.help === undefined ? null : filled(entry.help, named.details) };
}
