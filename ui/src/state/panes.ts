/** Handles to the three main parts of the window, for commands that act on one of them. */
import type { CaptionApi } from "../lib/caption/pane";

export interface PicturePane {
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
  oneToOne(): void;
  focus(): void;
}

export interface QueuePane {
  focusList(): void;
  focusSearch(): void;
}

export interface QuestionPanes {
  focus(): void;
  focusList(): void;
}

/** Each part registers itself while it is on screen. */
export const panes: { picture?: PicturePane; caption?: CaptionApi; queue?: QueuePane; question?: QuestionPanes } = {};
