import { describe, expect, it } from "vitest";
import type { Region } from "../../backend";
import { bySize, centred, cornerMoved, HANDLES, moved, polygon, rectangle, resized, shapeOf, withShape } from "./shapes";

const image = { width: 100, height: 60 };
const box = (x: number, y: number, width: number, height: number): Region => ({ id: "r", name: "r", x, y, width, height, polygon: [] });
const triangle = withShape(box(0, 0, 1, 1), { kind: "polygon", points: [[10, 10], [30, 10], [20, 40]] });

describe("regions", () => {
  it("are drawn from any corner, in whole pixels, within the picture", () => {
    expect(rectangle({ x: 20.4, y: 30.6 }, { x: 5, y: 5 }, image)).toEqual({ kind: "rectangle", x: 5, y: 5, width: 15, height: 26 });
    expect(rectangle({ x: -50, y: 10 }, { x: 999, y: 999 }, image)).toEqual({ kind: "rectangle", x: 0, y: 10, width: 100, height: 50 });
    expect(rectangle({ x: 3, y: 3 }, { x: 3.2, y: 40 }, image)).toBeNull();
    expect(polygon([{ x: 1, y: 1 }, { x: 1, y: 1 }, { x: 5, y: 5 }], image)).toBeNull();
    expect(polygon([{ x: 1, y: 1 }, { x: 200, y: 1 }, { x: 5, y: 500 }], image)).toEqual({ kind: "polygon", points: [[1, 1], [99, 1], [5, 59]] });
  });

  it("are drawn by key in the middle of what is seen, however little of the picture that is", () => {
    expect(centred({ x: 0, y: 0 }, { x: 100, y: 60 }, image)).toEqual({ kind: "rectangle", x: 25, y: 15, width: 50, height: 30 });
    expect(centred({ x: 60, y: -200 }, { x: 500, y: 20 }, image)).toEqual({ kind: "rectangle", x: 70, y: 5, width: 20, height: 10 });
    expect(centred({ x: 200, y: 0 }, { x: 300, y: 60 }, image)).toBeNull();
  });

  it("keep their size at the edges when they are moved", () => {
    expect(moved(box(10, 10, 20, 20), -50, 500, image)).toEqual({ kind: "rectangle", x: 0, y: 40, width: 20, height: 20 });
    const far = withShape(triangle, moved(triangle, 999, 999, image));
    expect([far.width, far.height, far.x + far.width, far.y + far.height]).toEqual([20, 30, 99, 59]);
  });

  it("are resized by every handle and never vanish", () => {
    for (const handle of HANDLES) {
      for (const by of [-500, -3, 0, 3, 500]) {
        for (const region of [box(10, 10, 20, 20), triangle]) {
          const next = withShape(region, resized(region, handle, by, by, image));
          expect(next.width, JSON.stringify([handle, by])).toBeGreaterThan(0);
          expect(next.x).toBeGreaterThanOrEqual(0);
          expect(next.x + next.width).toBeLessThanOrEqual(100);
          expect(next.y + next.height).toBeLessThanOrEqual(60);
        }
      }
    }
    expect(resized(box(10, 10, 20, 20), { h: -1, v: 0 }, 5, 9, image)).toEqual({ kind: "rectangle", x: 15, y: 10, width: 15, height: 20 });
  });

  it("have corners that move one by one", () => {
    expect(cornerMoved(triangle.polygon, 2, { x: 25, y: 50 }, image)).toEqual({ kind: "polygon", points: [[10, 10], [30, 10], [25, 50]] });
    expect(cornerMoved(triangle.polygon, 2, { x: 30, y: 10 }, image)).toBeNull();
    expect(shapeOf(triangle)).toEqual({ kind: "polygon", points: triangle.polygon });
  });

  it("give the pointer to the smaller one", () => {
    const order = bySize([box(0, 0, 5, 5), box(0, 0, 50, 50)]).map(({ index }) => index);
    expect(order).toEqual([1, 0]);
  });
});
