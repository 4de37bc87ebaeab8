/** What a lead writes in place of experts' texts: shown at once, stored after a rest, never lost to a failure. */
import { SvelteMap } from "svelte/reactivity";
import { backend, type ReviewCaption, type Slot } from "../backend";
import { slotKey } from "../lib/caption/slots";
import { fail } from "./toasts.svelte";

/** Rest after the last key until a wording is stored, in milliseconds. */
const KEEP_MS = 300;

/** A wording as it was typed here; without a text, it was dropped. */
interface Typed {
  readonly slot: Slot;
  readonly text: string | null;
  readonly stored: boolean;
}

class Wording {
  /** What was typed in this window: newer than any reading. */
  #typed = new SvelteMap<string, Typed>();
  #dropped = new SvelteMap<string, string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The lead's text of a caption; empty where it is to be left out, null where there is none. */
  of(caption: ReviewCaption): string | null {
    const typed = this.#typed.get(slotKey(caption.slot));
    return typed === undefined ? caption.lead_text : typed.text;
  }
  /** Whether it was written about other texts than those that are handed in now. */
  isOlder(caption: ReviewCaption): boolean {
    return caption.lead_text_is_older && !this.#typed.has(slotKey(caption.slot));
  }
  /** What was dropped last of a caption, for bringing it back. */
  droppedOf(caption: ReviewCaption): string | null {
    return this.#dropped.get(slotKey(caption.slot)) ?? null;
  }

  /** Takes what was typed; stored a moment later, and tried again with the next key if that fails. */
  word({ slot }: ReviewCaption, text: string): void {
    this.#dropped.delete(slotKey(slot));
    this.#put(slot, text);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), KEEP_MS);
  }
  /** Goes back to the expert's text; `bringBack` undoes it. */
  drop(caption: ReviewCaption): void {
    const text = this.of(caption);
    if (text !== null) this.#dropped.set(slotKey(caption.slot), text);
    this.#put(caption.slot, null);
    void this.flush();
  }
  bringBack(caption: ReviewCaption): void {
    const text = this.droppedOf(caption);
    if (text !== null) this.word(caption, text);
  }

  /** Stores what is not stored; false, with a toast, if some of it could not be. It stays here all the same. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    let all = true;
    for (const [key, typed] of [...this.#typed]) {
      if (typed.stored) continue;
      try {
        await backend().keepLeadText(typed.slot, typed.text);
        if (this.#typed.get(key) === typed) this.#typed.set(key, { ...typed, stored: true });
      } catch (thrown) {
        all = false;
        fail("failed.save", thrown);
      }
    }
    return all;
  }

  /** From now on what is stored of a diagram counts, as another window may have written it. */
  forget(diagramId: string): void {
    for (const [key, { slot, stored }] of [...this.#typed]) if (stored && slot.diagram_id === diagramId) this.#typed.delete(key);
  }
  /** Forgets everything, for another workspace. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#typed.clear();
    this.#dropped.clear();
  }

  #put(slot: Slot, text: string | null): void {
    this.#typed.set(slotKey(slot), { slot, text, stored: false });
  }
}

export const wording = new Wording();
