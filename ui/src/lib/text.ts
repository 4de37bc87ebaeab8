/** Showing text that somebody else wrote: names and messages may hold anything, line breaks included. */

/** The text on one line, with its line breaks and tabs as single spaces. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** A file name in which every control character can be seen, so that no name can pretend to be two lines. */
export function visibleName(name: string): string {
  return name.replace(/\p{Cc}/gu, (char) => (char === "\n" ? "↵" : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`));
}

/** The time of day of an RFC 3339 instant, as in "14:02:11". */
export function timeOfDay(instant: string): string {
  return new Date(instant).toLocaleTimeString("en-GB", { hour12: false });
}

/** Two letters that stand for a person: initials, or the first character of a Chinese name. */
export function initials(person: string): string {
  const words = person.trim().split(/[\s._-]+/).filter((word) => word !== "");
  const first = [...(words[0] ?? "?")];
  if (/\p{Script=Han}/u.test(first[0] ?? "")) return first[0] ?? "?";
  const second = words[1] === undefined ? first[1] : [...words[1]][0];
  return `${first[0] ?? "?"}${second ?? ""}`.toUpperCase();
}
