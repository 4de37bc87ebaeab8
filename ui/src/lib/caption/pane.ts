/** What the caption pane offers to the rest of the window, and what it reports. */
import type { ApiError, CaptionProgress, Committed, Slot } from "../../backend";
import type { DiffMode } from "./modes";

/** How the text on show is kept. */
export interface CaptionStatus {
  /** When it was last stored, RFC 3339. */
  savedAt: string | null;
  /** Something typed, here or in another caption, is not stored yet. */
  pending: boolean;
  /** Share of the draft's words that are still there, 0–1; null without a draft or before it is known. */
  kept: number | null;
  error: ApiError | null;
}

/** A draft while it is being written. */
export interface Writing {
  /** Name of the model. */
  readonly model: string;
  readonly text: string;
  /** Its beginning is not here. */
  readonly cut: boolean;
  /** In letters of one width. */
  readonly mono: boolean;
}

/** Commands that act on the caption pane. */
export interface CaptionApi {
  /** Stores everything typed; rejects if that fails (the text is kept and tried again). */
  flush(): Promise<void>;
  /** Stores everything typed in this diagram and makes revisions of it; rejects if that fails. */
  leave(): Promise<void>;
  /** The caption on show. */
  slot(): Slot;
  /** Links the selected words to `region`, or else to the one that is chosen next; the region, if it was done. */
  link(region: string | null): string | undefined;
  unlink(): void;
  /** Puts the preferred term in place of the wording to avoid at the cursor, or goes to the next one. */
  preferTerm(): void;
  /** Shows or closes the card of the term at the cursor. */
  showTerm(): void;
  nextWarning(): void;
  /** A command made or took back a revision of a caption, whose text stays. */
  adopt(slot: Slot, done: Committed): void;
  /** Somebody's earlier text took the place of what is shown. */
  restored(done: Committed, text: string): void;
  /** The draft whose text stands on the screen. */
  draftShown(): string | null;
  /** How far the person is with the caption on show. */
  progress(): CaptionProgress;
  focus(): void;
  /** Selects the words that a conversation is about; false where they are gone. */
  showComment(thread: string): boolean;
  undo(): void;
  redo(): void;
  find(): void;
  showDiff(mode: DiffMode): void;
}
