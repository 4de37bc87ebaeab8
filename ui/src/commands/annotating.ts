/** Commands on the regions of the open diagram, and the links of its words to them. */
import { open } from "../state/diagram.svelte";
import { me } from "../state/me.svelte";
import { panes } from "../state/panes";
import { place } from "../state/place.svelte";
import { chooseRegion, isOwnEvidence, redoRegion, regionEditing, removeRegion, renameRegion, shiftRegion, type Tool, undoRegion, useTool } from "../state/regions.svelte";
import { trying } from "../state/trying.svelte";
import type { Command } from "./command";

/** In their captions' place regions are drawn while the diagram takes text; where questions are written, by any author. */
const BOTH = ["annotate", "questions"] as const;
const captioning = (): boolean => open.now.view?.read_only === false;
const editable = (): boolean =>
  place.now === "questions" ? open.id !== null && me.is("author") && !trying.on : captioning();
const hasChosen = (): boolean => editable() && (place.now !== "questions" || isOwnEvidence(regionEditing.chosen ?? "")) && open.now.view?.regions.some(({ id }) => id === regionEditing.chosen) === true;

/** The picture with its tools, and the list of regions. */
const ON_REGIONS = "[data-pane=picture], [data-regions]";

function tool(name: Tool, title: Command["title"], keys: string): Command {
  return { id: `tool.${name}`, group: "picture", title, keys: [keys], places: BOTH, enabled: editable, run: () => (useTool(name), panes.picture?.focus()) };
}

export const selectRegions = tool("select", "regions.command_select", "Alt+V");
export const drawRectangle = tool("rectangle", "regions.command_rectangle", "Alt+R");
export const drawPolygon = tool("polygon", "regions.command_polygon", "Alt+P");
export const undoRegions: Command = {
  id: "regions.undo", group: "picture", title: "regions.command_undo", keys: ["Alt+Z"], places: BOTH, keysWithin: { within: ON_REGIONS, keys: ["Mod+Z"] },
  enabled: () => editable() && regionEditing.canUndo, run: undoRegion,
};
export const redoRegions: Command = {
  id: "regions.redo", group: "picture", title: "regions.command_redo", keys: ["Alt+Shift+Z"], places: BOTH,
  keysWithin: { within: ON_REGIONS, keys: ["Mod+Shift+Z", "Mod+Y"] },
  enabled: () => editable() && regionEditing.canRedo, run: redoRegion,
};
const rename: Command = {
  id: "regions.rename", group: "picture", title: "regions.command_rename", keys: [], places: BOTH,
  enabled: hasChosen, run: () => renameRegion(regionEditing.chosen),
};
const remove: Command = {
  id: "regions.remove", group: "picture", title: "regions.command_remove", keys: [], places: BOTH,
  enabled: hasChosen,
  run: () => {
    const { id } = open;
    if (id !== null && regionEditing.chosen !== null) void removeRegion(id, regionEditing.chosen);
  },
};
function shift(id: string, title: Command["title"], by: -1 | 1): Command {
  return {
    id, group: "picture", title, keys: [], places: BOTH, enabled: hasChosen,
    run: () => {
      const { view } = open.now;
      if (view !== null && regionEditing.chosen !== null) void shiftRegion(view.diagram.id, view.regions, regionEditing.chosen, by);
    },
  };
}
const moveUp = shift("regions.up", "actions.region_up", -1);
const moveDown = shift("regions.down", "actions.region_down", 1);
export const link: Command = {
  id: "link", group: "caption", title: "regions.command_link", keys: ["Mod+L"],
  enabled: () => captioning() && (open.now.view?.regions.length ?? 0) > 0,
  run: () => {
    const chosen = panes.caption?.link(regionEditing.chosen);
    if (chosen !== undefined) chooseRegion(chosen);
  },
};
const unlink: Command = {
  id: "unlink", group: "caption", title: "regions.command_unlink", keys: ["Alt+U"],
  enabled: captioning, run: () => panes.caption?.unlink(),
};

export const annotatingCommands: readonly Command[] = [
  selectRegions, drawRectangle, drawPolygon, undoRegions, redoRegions, rename, moveUp, moveDown, remove, link, unlink,
];
