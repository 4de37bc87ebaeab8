/** Handles to the three main parts of the window, for commands that act on one of them. */
import type { Anchor } from "../backend";
import type { CaptionApi } from "../lib/caption/pane";

export interface PicturePane {
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
  oneToOne(): void;
  focus(): void;
}

export interface RegionsPane {
  /** Sends what was done to regions and is not in the store yet. */
  settle(): Promise<void>;
}

export interface QueuePane {
  focusList(): void;
  focusSearch(): void;
}

export interface QuestionPanes {
  focus(): void;
  focusList(): void;
  focusSearch(): void;
}

export interface ReviewPane {
  /** What a comment made now would be about; null where nothing is selected or gone to. */
  anchor(): Anchor | null;
  pick(index: number): void;
  /** Selects the next word of the text, or takes one more word to what is selected. */
  selectWord(extend: boolean): void;
}

/** Each part registers itself while it is on screen. */
export const panes: { picture?: PicturePane; regions?: RegionsPane; caption?: CaptionApi; queue?: QueuePane; question?: QuestionPanes; review?: ReviewPane } = {};
