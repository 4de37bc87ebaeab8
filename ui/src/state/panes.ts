/** Handles to the three main parts of the window, for commands that act on one of them. */
import type { Slot } from "../backend";
import type { DiffMode } from "../lib/caption/modes";

export interface PicturePane {
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
  oneToOne(): void;
  focus(): void;
}

export interface CaptionPaneHandle {
  /** Writes what was typed to the journal. */
  flush(): Promise<void>;
  /** Writes what was typed and turns it into revisions; rejects if it could not be kept. */
  leave(): Promise<void>;
  slot(): Slot;
  focus(): void;
  undo(): void;
  redo(): void;
  find(): void;
  /** Shows the draft beside the text, merged into it, or not at all. */
  showDiff(mode: DiffMode): void;
}

export interface QueuePane {
  focusList(): void;
  focusSearch(): void;
}

/** Each part registers itself while it is on screen. */
export const panes: { picture?: PicturePane; caption?: CaptionPaneHandle; queue?: QueuePane } = {};
