/** A word diff that follows a text while it is typed: asked of the backend after a short rest, and remembered. */
import { type ApiError, backend, type Diff, toApiError } from "../../backend";

/** Rest after typing until a diff is asked for, in milliseconds. */
export const DIFF_REST_MS = 300;
const REMEMBERED = 16;

/** The newest known diff of a pair of texts. */
export class Comparison {
  /** Null until the first answer for this `before`. */
  result: Diff | null = $state.raw(null);
  error: ApiError | null = $state.raw(null);
  readonly #known = new Map<string, Diff>();
  #before: string | null = null;
  #wanted = "";

  /** Compares `after` with `before` (null: nothing to compare). Returns what stops it. */
  follow(before: string | null, after: string): () => void {
    const isOther = before !== this.#before;
    this.#before = before;
    if (isOther) this.result = null;
    this.error = null;
    this.#wanted = "";
    if (before === null) return () => {};
    const known = before === after ? same(after) : this.#known.get(key(before, after));
    if (known !== undefined) {
      this.result = known;
      return () => {};
    }
    this.#wanted = key(before, after);
    const timer = setTimeout(() => void this.#ask(before, after), isOther ? 0 : DIFF_REST_MS);
    return () => clearTimeout(timer);
  }

  async #ask(before: string, after: string): Promise<void> {
    const asked = key(before, after);
    try {
      const diff = await backend().diff(before, after);
      this.#remember(asked, diff);
      if (this.#wanted === asked) this.result = diff;
    } catch (thrown) {
      if (this.#wanted === asked) this.error = toApiError(thrown);
    }
  }

  #remember(pair: string, diff: Diff): void {
    this.#known.set(pair, diff);
    const oldest = this.#known.keys().next();
    if (this.#known.size > REMEMBERED && !oldest.done) this.#known.delete(oldest.value);
  }
}

function key(before: string, after: string): string {
  return `${before.length}:${before}${after}`;
}

function same(text: string): Diff {
  return { hunks: text === "" ? [] : [{ kind: "equal", before: text, after: text }], kept: 1 };
}
