/** Key chords such as "Mod+Shift+A": reading them, matching key events, and writing them as a person reads them. */

/** Whether this system writes chords with ⌘, ⇧ and ⌥. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

interface Chord {
  readonly mod: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
  readonly key: string;
}

type KeyPress = Pick<
  KeyboardEvent,
  "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "isComposing" | "keyCode"
>;

/** True while an input method has the keys: Enter then picks a character and must do nothing else. */
export function isComposing(event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** Whether the event is the chord. On layouts without Latin letters, and for digits, the key's place decides. */
export function matches(event: KeyPress, keys: string, mac = isMac): boolean {
  if (isComposing(event)) return false;
  const chord = parse(keys);
  const mod = mac ? event.metaKey : event.ctrlKey;
  const otherMod = mac ? event.ctrlKey : event.metaKey;
  if (mod !== chord.mod || otherMod || event.altKey !== chord.alt) return false;
  const typed = event.key.toLowerCase();
  // "?" and "+" are typed with Shift on some layouts and without on others.
  if (chord.key === "?") return typed === "?";
  if (chord.key === "=") return typed === "=" || typed === "+";
  return event.shiftKey === chord.shift && (typed === chord.key || placeIs(event, chord.key));
}

/** The chord as shown beside a command. */
export function keyLabel(keys: string, mac = isMac): string {
  // The last part may be a plus itself.
  const parts = keys.split(/\+(?=.)/).map((part) => (mac ? MAC[part] : PLAIN[part]) ?? part);
  return parts.join(mac ? "" : "+");
}

/** The first chord of a command as a person reads it; empty where it has none. */
export function chordOf({ keys }: { readonly keys: readonly string[] }): string {
  return keys[0] === undefined ? "" : keyLabel(keys[0]);
}

const MAC: Record<string, string> = {
  Mod: "⌘", Alt: "⌥", Shift: "⇧", Enter: "↩", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", "-": "−", Arrows: "←↑↓→",
  Delete: "⌫", Escape: "⎋", PageUp: "⇞", PageDown: "⇟", Home: "↖", End: "↘", Backspace: "⌫",
};
const PLAIN: Record<string, string> = {
  Mod: "Ctrl", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", "-": "−", Arrows: "←↑↓→",
  Delete: "Del", Escape: "Esc", PageUp: "PgUp", PageDown: "PgDn",
};

function parse(keys: string): Chord {
  const parts = keys.split("+");
  return {
    mod: parts.includes("Mod"),
    alt: parts.includes("Alt"),
    shift: parts.includes("Shift"),
    key: (parts.at(-1) ?? "").toLowerCase(),
  };
}

function placeIs(event: KeyPress, key: string): boolean {
  if (/^[0-9]$/.test(key)) return event.code === `Digit${key}` || event.code === `Numpad${key}`;
  const latin = /^[\x20-\x7e]$/.test(event.key);
  return /^[a-z]$/.test(key) && !latin && event.code === `Key${key.toUpperCase()}`;
}
