/** How far the captions of a diagram are, what is being typed included; and so what would be handed in. */
import type { CaptionProgress, DiagramView, Level, Slot } from "../../backend";
import { openSessions } from "./sessions.svelte";
import { slotKey } from "./slots";

export interface SlotProgress {
  readonly slot: Slot;
  readonly progress: CaptionProgress;
}

/** One level of a diagram: how many captions it has, and in which of them a text or an accepted draft stands. */
export interface LevelProgress {
  readonly level: Level;
  readonly total: number;
  readonly ready: number;
  /** Captions in which only a draft stands that nobody accepted. */
  readonly drafts: number;
}

/** Every caption of a diagram with how far it is. */
export function progressOf(view: DiagramView): SlotProgress[] {
  const sessions = new Map(openSessions(view.diagram.id).map((each) => [slotKey(each.caption.slot), each]));
  return view.captions.map(({ slot, progress }) => ({ slot, progress: sessions.get(slotKey(slot))?.progress ?? progress }));
}

/** The same by level, in the order of the captions. The draft in `shown` counts as ready: handing in accepts it. */
export function levelsOf(all: readonly SlotProgress[], shown: Slot | null = null): LevelProgress[] {
  const levels = [...new Set(all.map(({ slot }) => slot.level))];
  const isReady = ({ slot, progress }: SlotProgress): boolean =>
    progress === "accepted" || progress === "written" || (progress === "draft" && shown !== null && slotKey(slot) === slotKey(shown));
  return levels.map((level) => {
    const of = all.filter(({ slot }) => slot.level === level);
    const ready = of.filter(isReady).length;
    const drafts = of.filter((each) => each.progress === "draft" && !isReady(each)).length;
    return { level, total: of.length, ready, drafts };
  });
}
