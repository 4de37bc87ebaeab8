/** Which caption is which: keys for slots, and the caption of a level in a diagram. */
import type { Caption, DiagramView, Level, Slot } from "../../backend";

/** A string that is the same for, and only for, the same slot. */
export function slotKey(slot: Slot): string {
  return `${slot.diagram_id}/${slot.level}/${slot.region_id ?? ""}`;
}

/** The caption of a level (and region, for partial ones) in a view; the first region where none is named. */
export function captionAt(view: DiagramView, level: Level, regionId: string | null): Caption | undefined {
  const region = level === "partial" ? (regionId ?? view.regions[0]?.id ?? null) : null;
  return view.captions.find(({ slot }) => slot.level === level && slot.region_id === region);
}
