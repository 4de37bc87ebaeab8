/** Where OpenSeadragon gets a picture's pixels from: whole pictures, and pyramids of tiles (DZI levels). */
import OpenSeadragon from "openseadragon";
import { backend, type Image, type View } from "../../backend";

/** What a tile loader is handed; the published types lack its `fail` and the third meaning of `finish`. */
interface TileJob {
  userData?: unknown;
  postData: Tile;
  finish(data: CanvasRenderingContext2D, request: null, dataType: "context2d"): void;
  fail(message: string): void;
}

interface Tile {
  level: number;
  col: number;
  row: number;
}

/** The level whose pixels are the picture's own: levels halve from there down to one pixel. */
export function fullLevel(width: number, height: number): number {
  return Math.ceil(Math.log2(Math.max(width, height, 1)));
}

/** The levels of a whole picture that are drawn from it, so that a small view of it stays smooth. */
const WHOLE_LEVELS = 4;

/** A source for OpenSeadragon whose size is known before anything is loaded. */
export function pictureSource(image: Image, view: View): OpenSeadragon.TileSource {
  const { width, height, hash } = image;
  const maxLevel = fullLevel(width, height);
  const isWhole = view.kind !== "tiles";
  const load = isWhole
    ? ({ level }: Tile) => loadPicture(hash).then((whole) => drawn(whole, 2 ** (level - maxLevel)))
    : ({ level, col, row }: Tile) => loadImage(backend().tileUrl(hash, level, col, row)).then(drawnOnce);
  const options = {
    width,
    height,
    tileSize: isWhole ? Math.max(width, height) : view.tile_px,
    tileOverlap: 0,
    minLevel: isWhole ? Math.max(0, maxLevel - WHOLE_LEVELS + 1) : 0,
    maxLevel,
    getTileUrl: (level: number, col: number, row: number) => `${hash}/${level}/${col}_${row}`,
    getTilePostData: (level: number, col: number, row: number): Tile => ({ level, col, row }),
    downloadTileStart: (job: TileJob) => {
      load(job.postData).then(
        (context) => job.finish(context, null, "context2d"),
        (reason: unknown) => job.fail(String(reason)),
      );
    },
    downloadTileAbort: () => {},
  };
  return new OpenSeadragon.TileSource(options);
}

/** A whole picture: on its way, and once it is decoded. */
interface Loading {
  picture: Promise<HTMLImageElement>;
  decoded: HTMLImageElement | null;
}

/** Whole pictures that were shown or fetched ahead, newest last: the previous one, the one on show, the next. */
const pictures = new Map<string, Loading>();
const KEPT_PICTURES = 3;

/** Loads and decodes a whole picture; the last few are kept. */
export function loadPicture(hash: string): Promise<HTMLImageElement> {
  const loading = pictures.get(hash) ?? startLoading(hash);
  pictures.delete(hash);
  pictures.set(hash, loading);
  const oldest = pictures.entries().next();
  if (pictures.size > KEPT_PICTURES && !oldest.done) {
    const [old, { picture }] = oldest.value;
    pictures.delete(old);
    picture.then(release, () => undefined);
  }
  return loading.picture;
}

/** Gives up a picture's pixels at once: the engine would keep them until it collects the element, which can be long. */
function release(image: HTMLImageElement): void {
  image.removeAttribute("src");
}

/** A whole picture that can be put on the screen at once, if it was loaded before. */
export function decodedPicture(hash: string): HTMLImageElement | null {
  return pictures.get(hash)?.decoded ?? null;
}

function startLoading(hash: string): Loading {
  const loading: Loading = { picture: loadImage(backend().pictureUrl(hash)), decoded: null };
  loading.picture.then(
    (image) => (loading.decoded = image),
    () => pictures.delete(hash),
  );
  return loading;
}

/** Fetches a picture that is likely to be shown next, so that showing it is instant. */
export function prefetchPicture(image: Image, view: View): void {
  if (view.kind !== "tiles") loadPicture(image.hash).catch(() => undefined);
}

async function loadImage(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** What lies under transparent pictures, in light and dark: diagrams are drawn for white paper. */
const PAPER = "#ffffff";

/** A tile as pixels; the tile itself is not needed again. */
function drawnOnce(tile: HTMLImageElement): CanvasRenderingContext2D {
  const context = drawn(tile, 1);
  release(tile);
  return context;
}

/** The picture at `scale` (1 or a negative power of two) as pixels; halved step by step, which keeps thin lines. */
function drawn(image: HTMLImageElement, scale: number): CanvasRenderingContext2D {
  let from: CanvasImageSource = image;
  let context: CanvasRenderingContext2D | null = null;
  for (let step = scale < 1 ? 0.5 : 1; step >= scale; step /= 2) {
    const canvas = document.createElement("canvas");
    const larger = context?.canvas;
    canvas.width = Math.max(1, Math.ceil(image.naturalWidth * step));
    canvas.height = Math.max(1, Math.ceil(image.naturalHeight * step));
    context = canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) break;
    context.fillStyle = PAPER;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(from, 0, 0, canvas.width, canvas.height);
    if (larger !== undefined) larger.width = larger.height = 0;
    from = canvas;
  }
  if (context === null) throw new Error("no canvas to draw on");
  return context;
}
