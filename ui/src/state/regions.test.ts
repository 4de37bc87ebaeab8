/** Regions as they are edited: runs of keys, one change after the other, and what is chosen where. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type DiagramView, provideBackend, type Region, type RegionChange } from "../backend";
import { fakeBackend } from "../backend/fake";
import { moved, withShape } from "../lib/picture/shapes";
import { closeDiagram, open, showDiagram, showLevel } from "./diagram.svelte";
import { renewOpen } from "./navigation";
import { chooseRegion, nudgeRegion, regionEditing, removeRegion, settleRegions, undoRegion } from "./regions.svelte";

const region = (id: string, x = 10): Region => ({ id, name: id, x, y: 10, width: 20, height: 20, polygon: [] });
let stored: Map<string, Region[]>;
let sent: RegionChange[];
/** Answers wait while this is not null. */
let held: Promise<void> | null;

async function start(regions: Region[]): Promise<DiagramView> {
  stored = new Map([["d1", regions], ["d2", [region("other")]]]);
  [sent, held] = [[], null];
  const plain = fakeBackend();
  const viewOf = async (id: string): Promise<DiagramView> => ({ ...(await plain.openDiagram(id)), regions: stored.get(id) ?? [] });
  provideBackend(fakeBackend(3, {
    openDiagram: viewOf,
    changeRegion: async (diagram, id, change) => {
      await held;
      sent.push(change);
      const all = stored.get(diagram) ?? [];
      stored.set(diagram, all.map((each) => (each.id === id && change.shape !== null ? withShape(each, change.shape) : each)));
      return region(id);
    },
    removeRegion: async (diagram, id) => void stored.set(diagram, (stored.get(diagram) ?? []).filter((each) => each.id !== id)),
  }));
  const view = await viewOf("d1");
  showDiagram(view);
  return view;
}

function nudge(id: string): void {
  const now = regionEditing.regions.find((each) => each.id === id);
  const { view } = open.now;
  if (now === undefined || view === null) throw new Error(`no region ${id}`);
  const shape = moved(now, 1, 0, view.diagram.image);
  nudgeRegion("d1", now, shape, withShape(now, shape));
}
const shownX = (id: string): number | undefined => regionEditing.regions.find((each) => each.id === id)?.x;

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  closeDiagram();
  showLevel("global", null);
});

it("makes one change, and one step to undo, of a run of keys", async () => {
  await start([region("a")]);
  for (let count = 0; count < 7; count += 1) {
    nudge("a");
    await vi.advanceTimersByTimeAsync(50);
  }
  expect(sent).toEqual([]);
  expect(shownX("a")).toBe(17);
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent.map(({ shape }) => shape)).toEqual([{ kind: "rectangle", x: 17, y: 10, width: 20, height: 20 }]);
  await undoRegion();
  expect(shownX("a")).toBe(10);
  expect(sent).toHaveLength(2);
});

it("loses no key that is pressed while one is on its way", async () => {
  await start([region("a")]);
  let answer = (): void => undefined;
  held = new Promise((resolve) => (answer = resolve));
  nudge("a");
  await vi.advanceTimersByTimeAsync(1000);
  nudge("a");
  nudge("a");
  held = null;
  answer();
  await vi.advanceTimersByTimeAsync(10);
  expect(shownX("a")).toBe(13);
  await renewOpen();
  expect(shownX("a")).toBe(13);
  await settleRegions();
  expect(stored.get("d1")?.[0]?.x).toBe(13);
  await undoRegion();
  expect(shownX("a")).toBe(11);
});

it("sends what was nudged before anything else is done", async () => {
  await start([region("a"), region("b")]);
  nudge("a");
  nudge("b");
  await removeRegion("d1", "b");
  expect(sent).toHaveLength(2);
  expect(stored.get("d1")?.map(({ x }) => x)).toEqual([11]);
});

it("chooses regions of the open diagram only", async () => {
  await start([region("a")]);
  chooseRegion("a");
  expect(regionEditing.chosen).toBe("a");
  const { view } = open.now;
  if (view === null) throw new Error("a diagram is open");
  showDiagram({ ...view, diagram: { ...view.diagram, id: "d2" }, regions: [region("other")] });
  expect(regionEditing.chosen).toBeNull();
});

it("shows the region in the place of one that was taken away, and stays at its level", async () => {
  await start([region("a"), region("b")]);
  showLevel("partial", "a");
  stored.set("d1", [region("b")]);
  await renewOpen();
  expect([open.now.level, open.now.regionId]).toEqual(["partial", "b"]);
  stored.set("d1", []);
  await renewOpen();
  expect([open.now.level, open.now.regionId]).toEqual(["partial", null]);
});
