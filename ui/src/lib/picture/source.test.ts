/** Which pixels are asked for at which level, and how regions are numbered. */
import { beforeEach, expect, it, vi } from "vitest";
import { provideBackend } from "../../backend";
import { fakeBackend } from "../../backend/fake";
import { mark } from "./marks";
import { decodedPicture, fullLevel, loadPicture, pictureSource } from "./source";

beforeEach(() => provideBackend(fakeBackend()));

it("counts levels as DZI does", () => {
  const levels = [[1, 1], [2, 1], [512, 512], [513, 10], [12_000, 9_000]].map(([width, height]) => fullLevel(width ?? 0, height ?? 0));
  expect(levels).toEqual([0, 1, 9, 10, 14]);
});

it("splits a tiled picture without overlap at every level", () => {
  const image = { hash: "h", format: "png", width: 12_000, height: 9_000, bytes: 1 };
  const source = pictureSource(image, { kind: "tiles", tile_px: 512 });
  expect([source.minLevel, source.maxLevel, source.tileOverlap]).toEqual([0, 14, 0]);
  const tiles = [14, 13, 9, 0].map((level) => {
    const { x, y } = source.getNumTiles(level) as unknown as { x: number; y: number };
    return [x, y];
  });
  expect(tiles).toEqual([[24, 18], [12, 9], [1, 1], [1, 1]]);
});

it("takes a whole picture as one piece at every level", () => {
  const source = pictureSource({ hash: "h", format: "png", width: 640, height: 400, bytes: 1 }, { kind: "whole" });
  for (let level = source.minLevel; level <= source.maxLevel; level++) {
    expect(source.getNumTiles(level)).toMatchObject({ x: 1, y: 1 });
  }
  expect(source.ready).toBe(true);
});

it("keeps the previous picture, the one on show and the next, and gives up the pixels of older ones", async () => {
  Image.prototype.decode = () => Promise.resolve();
  const images: HTMLImageElement[] = [];
  for (const hash of ["a", "b", "c", "d"]) images.push(await loadPicture(hash));
  await vi.waitFor(() => expect(images.map((image) => image.hasAttribute("src"))).toEqual([false, true, true, true]));
  expect(["a", "b"].map(decodedPicture)).toEqual([null, images[1]]);
});

it("numbers regions", () => {
  expect([0, 8, 19, 20, 34, 35, 49, 50].map(mark)).toEqual(["①", "⑨", "⑳", "㉑", "㉟", "㊱", "㊿", "51"]);
});
