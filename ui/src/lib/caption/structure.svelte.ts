/** What a structure says: read and drawn again a moment after it, or the text that should mention it, was changed. */
import { type ApiError, backend, type Structure, toApiError } from "../../backend";

const REST_MS = 250;

/** The structure of one diagram after the other. */
export class StructureReading {
  now = $state.raw<Structure | null>(null);
  /** The last picture that could be drawn: it stays while the text is broken. */
  picture: string | null = $state(null);
  failed = $state.raw<ApiError | null>(null);
  /** Parts of it that the detailed text does not mention. */
  readonly nOpen = $derived([...(this.now?.nodes ?? []), ...(this.now?.edges ?? [])].filter(({ mentioned }) => !mentioned).length);
  #asked = 0;
  #of = "";

  /** Reads the source of the diagram `of` soon; returns what calls that off. */
  follow(of: string, source: string, detailed: string): () => void {
    this.#asked += 1;
    if (of !== this.#of || source.trim() === "") {
      this.#of = of;
      [this.now, this.picture, this.failed] = [null, null, null];
    }
    if (source.trim() === "") return () => undefined;
    const timer = setTimeout(() => void this.#read(source, detailed), REST_MS);
    return () => clearTimeout(timer);
  }

  async #read(source: string, detailed: string): Promise<void> {
    const mine = this.#asked;
    try {
      const next = await backend().structure(source, detailed);
      if (mine !== this.#asked) return;
      [this.now, this.failed] = [next, null];
      this.picture = next.picture ?? this.picture;
    } catch (thrown) {
      if (mine === this.#asked) this.failed = toApiError(thrown);
    }
  }
}
