/** Geometry of regions, in whole pixels of the picture. Nothing here leaves the picture, and nothing is empty. */
import type { Image, Region, Shape } from "../../backend";

export interface Point {
  x: number;
  y: number;
}
type Size = Pick<Image, "width" | "height">;
type Placed = Pick<Region, "x" | "y" | "width" | "height" | "polygon">;

/** Which edges a handle moves: -1 left or upper, 1 right or lower, 0 neither. */
export interface Handle {
  readonly h: -1 | 0 | 1;
  readonly v: -1 | 0 | 1;
}
export const HANDLES: readonly Handle[] = [
  { h: -1, v: -1 }, { h: 0, v: -1 }, { h: 1, v: -1 }, { h: 1, v: 0 },
  { h: 1, v: 1 }, { h: 0, v: 1 }, { h: -1, v: 1 }, { h: -1, v: 0 },
];

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(value, most));

export function within({ x, y }: Point, { width, height }: Size): Point {
  return { x: clamp(Math.round(x), 0, width), y: clamp(Math.round(y), 0, height) };
}

/** The rectangle between two corners; null where it would be empty. */
export function rectangle(a: Point, b: Point, image: Size): Shape | null {
  const [from, to] = [within(a, image), within(b, image)];
  const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
  const [width, height] = [Math.abs(from.x - to.x), Math.abs(from.y - to.y)];
  return width < 1 || height < 1 ? null : { kind: "rectangle", x, y, width, height };
}

/** The middle quarter of what two corners show of the picture; null where they show none of it. */
export function centred(from: Point, to: Point, image: Size): Shape | null {
  const [a, b] = [within(from, image), within(to, image)];
  const [dx, dy] = [(b.x - a.x) / 4, (b.y - a.y) / 4];
  return rectangle({ x: a.x + dx, y: a.y + dy }, { x: b.x - dx, y: b.y - dy }, image);
}

/** The polygon through these corners; null where it has fewer than three different ones. */
export function polygon(points: readonly Point[], image: Size): Shape | null {
  const corners: [number, number][] = [];
  for (const point of points) {
    const x = Math.min(Math.round(clamp(point.x, 0, image.width)), image.width - 1);
    const y = Math.min(Math.round(clamp(point.y, 0, image.height)), image.height - 1);
    const last = corners.at(-1);
    if (last === undefined || last[0] !== x || last[1] !== y) corners.push([x, y]);
  }
  const different = new Set(corners.map(([x, y]) => `${x},${y}`));
  return different.size < 3 ? null : { kind: "polygon", points: corners };
}

/** Where a region is, as it is sent. */
export function shapeOf({ x, y, width, height, polygon: points }: Placed): Shape {
  return points.length > 0 ? { kind: "polygon", points } : { kind: "rectangle", x, y, width, height };
}

/** The region moved by whole pixels, stopped by the picture's edges. */
export function moved(region: Placed, dx: number, dy: number, image: Size): Shape {
  const right = clamp(Math.round(dx), -region.x, image.width - region.x - region.width - (region.polygon.length > 0 ? 1 : 0));
  const down = clamp(Math.round(dy), -region.y, image.height - region.y - region.height - (region.polygon.length > 0 ? 1 : 0));
  if (region.polygon.length > 0) {
    return { kind: "polygon", points: region.polygon.map(([x, y]) => [x + right, y + down]) };
  }
  return { kind: "rectangle", x: region.x + right, y: region.y + down, width: region.width, height: region.height };
}

/** The region with the edges of a handle moved; a polygon is stretched. At least one pixel stays. */
export function resized(region: Placed, { h, v }: Handle, dx: number, dy: number, image: Size): Shape {
  const edge = (start: number, length: number, side: number, by: number, most: number): [number, number] => {
    if (side < 0) {
      const next = clamp(start + Math.round(by), 0, start + length - 1);
      return [next, start + length - next];
    }
    return [start, side > 0 ? clamp(length + Math.round(by), 1, most - start) : length];
  };
  const [x, width] = edge(region.x, region.width, h, dx, image.width);
  const [y, height] = edge(region.y, region.height, v, dy, image.height);
  if (region.polygon.length === 0) return { kind: "rectangle", x, y, width, height };
  const points = region.polygon.map(([px, py]): [number, number] => [
    Math.min(Math.round(x + ((px - region.x) / region.width) * width), image.width - 1),
    Math.min(Math.round(y + ((py - region.y) / region.height) * height), image.height - 1),
  ]);
  return { kind: "polygon", points };
}

/** The polygon with one corner elsewhere. */
export function cornerMoved(points: readonly (readonly [number, number])[], index: number, to: Point, image: Size): Shape | null {
  return polygon(points.map(([x, y], at) => (at === index ? to : { x, y })), image);
}

/** A region as it will look once a shape has been stored. */
export function withShape(region: Region, shape: Shape): Region {
  if (shape.kind === "rectangle") {
    const { x, y, width, height } = shape;
    return { ...region, x, y, width, height, polygon: [] };
  }
  const xs = shape.points.map(([x]) => x);
  const ys = shape.points.map(([, y]) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { ...region, x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y, polygon: shape.points };
}

/** Regions from the largest to the smallest, so that the smaller one is above and gets the pointer. */
export function bySize(regions: readonly Region[]): readonly { region: Region; index: number }[] {
  const numbered = regions.map((region, index) => ({ region, index }));
  return numbered.sort((a, b) => b.region.width * b.region.height - a.region.width * a.region.height);
}
