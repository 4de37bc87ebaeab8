/**
 * One OpenSeadragon viewer that shows one picture at a time. It lives as long as its pane: the next picture is
 * loaded beside the one on show and takes its place in one step. It knows nothing of regions or texts.
 */
import OpenSeadragon from "openseadragon";
import type { Image, View } from "../../backend";
import { cspNonce } from "../csp";
import { loadPicture, pictureSource } from "./source";

/** Where the picture lies: its top left corner and size, in CSS pixels of the pane. */
export interface Placement {
  x: number;
  y: number;
  width: number;
  height: number;
  /** Device pixels per pixel of the picture. */
  zoom: number;
}

/** What a viewer reports. */
export interface ViewerEvents {
  moved(placement: Placement): void;
  /** "showing" once the whole view is drawn. */
  became(state: "loading" | "showing" | "failed", hash: string): void;
  /** A part of the picture on show could not be loaded. */
  missed(): void;
  pressed(): void;
  /** A click, not a pull, on the picture itself. */
  clicked(): void;
}

/** How a picture is looked at. */
interface Look {
  /** It follows the size of the pane, and may be enlarged to fill it. */
  readonly fitted: boolean;
  readonly fills: boolean;
  /** CSS pixels per pixel of the picture. */
  readonly scale: number;
  /** What is in the middle of the pane, in widths of the picture. */
  readonly x: number;
  readonly y: number;
}

/** How each picture was looked at last, by its hash: whoever comes back to one finds what they saw. */
const looks = new Map<string, Look>();
/** How the picture before was looked at: the next one begins so. */
let lastLook: Look | null = null;
const MOST_LOOKS = 2000;

/** Whether a picture will be shown whole, and no larger than it is. */
export function opensFitted(hash: string): boolean {
  const look = looks.get(hash) ?? lastLook;
  return look === null || (look.fitted && !look.fills);
}

/** Factor of one step of the zoom keys and buttons. */
const STEP = 1.25;
/** Part of the pane that one arrow key pans by. */
const PAN = 0.1;
/** Largest zoom, in CSS pixels per pixel of the picture. */
const CLOSEST = 32;

/** The live viewer. */
export class PictureViewer {
  readonly #osd: OpenSeadragon.Viewer;
  readonly #events: ViewerEvents;
  #item: OpenSeadragon.TiledImage | null = null;
  #hash = "";
  /** Counts what was asked to be shown, so that a late answer is known as such. */
  #asked = 0;
  /** Whether the picture follows the size of the pane, and whether it may be enlarged to fill it. */
  #fitted = true;
  #fills = false;
  /** The pane has a new size that the view does not follow yet. */
  #resized = false;

  constructor(element: HTMLElement, events: ViewerEvents) {
    this.#events = events;
    standInForStyle();
    this.#osd = new OpenSeadragon.Viewer(options(element));
    this.#osd.addHandler("update-viewport", () => this.#report());
    this.#osd.addHandler("resize", () => (this.#resized = true));
    this.#osd.addHandler("viewport-change", () => this.#refit());
    this.#osd.addHandler("tile-load-failed", () => events.missed());
    this.#osd.addHandler("canvas-press", () => events.pressed());
    this.#osd.addHandler("canvas-drag", () => (this.#fitted = false));
    this.#osd.addHandler("canvas-scroll", () => (this.#fitted = false));
    this.#osd.addHandler("canvas-click", ({ quick }) => quick && events.clicked());
    this.#osd.addHandler("canvas-double-click", (event) => this.#toggleAt(event.position));
  }

  /** OpenSeadragon sets its own zoom after it tells of a new size, so fitting waits for that. */
  #refit(): void {
    if (!this.#resized) return;
    this.#resized = false;
    if (!this.#fitted) return;
    this.#home(true);
    this.#osd.forceRedraw();
  }

  /**
   * Shows another picture as it was looked at last, or else as the one before it is: fitted, or at the same zoom. The
   * one on show stays until the next is drawn.
   */
  show(image: Image, view: View): void {
    const asked = ++this.#asked;
    this.#events.became("loading", image.hash);
    const failed = (): void => {
      if (asked === this.#asked) this.#events.became("failed", image.hash);
    };
    const add = (): void => {
      if (asked === this.#asked) this.#add(asked, image, view, failed);
    };
    if (view.kind !== "tiles") loadPicture(image.hash).then(add, failed);
    else add();
  }

  /** Loads a picture out of sight, then lets it take the place of the one on show. */
  #add(asked: number, image: Image, view: View, failed: () => void): void {
    const success = (event: Event): void => {
      const { item } = event as unknown as { item: OpenSeadragon.TiledImage };
      const ready = (): void => {
        if (asked === this.#asked) this.#swap(item, image.hash);
        else this.#osd.world.removeItem(item);
      };
      if (item.getFullyLoaded()) ready();
      // Told in the middle of a frame whose tiles are already placed: the exchange is for the next one.
      else item.addOnceHandler("fully-loaded-change", () => queueMicrotask(ready));
    };
    this.#osd.addTiledImage({ tileSource: pictureSource(image, view), opacity: 0, preload: true, error: failed, success });
  }

  /** Moves the picture along with a pointer, by CSS pixels. */
  pull(dx: number, dy: number): void {
    this.#fitted = false;
    const { viewport } = this.#osd;
    viewport.panBy(viewport.deltaPointsFromPixels(new OpenSeadragon.Point(-dx, -dy), true), true);
    viewport.applyConstraints(true);
  }

  /** Passes on a wheel event that something over the picture received. */
  wheel(event: WheelEvent): void {
    event.preventDefault();
    this.#osd.canvas.dispatchEvent(new WheelEvent("wheel", event));
  }

  zoomIn(): void {
    this.#zoomBy(STEP);
  }

  zoomOut(): void {
    this.#zoomBy(1 / STEP);
  }

  fit(): void {
    this.#fitted = true;
    this.#fills = true;
    this.#home(false);
  }

  /** One pixel of the picture on one pixel of the screen. */
  oneToOne(): void {
    if (this.#item === null) return;
    this.#fitted = false;
    this.#osd.viewport.zoomTo(this.#item.imageToViewportZoom(1 / devicePixelRatio));
    this.#osd.viewport.applyConstraints();
  }

  /** Pans by steps: positive looks further right or down. */
  pan(right: number, down: number): void {
    const { viewport } = this.#osd;
    const seen = viewport.getBounds();
    this.#fitted = false;
    viewport.panBy(new OpenSeadragon.Point(right * PAN * seen.width, down * PAN * seen.height));
    viewport.applyConstraints();
  }

  destroy(): void {
    this.#asked++;
    this.#osd.destroy();
  }

  #swap(item: OpenSeadragon.TiledImage, hash: string): void {
    const { world } = this.#osd;
    for (let index = world.getItemCount() - 1; index >= 0; index--) {
      const other = world.getItemAt(index);
      if (other !== item) world.removeItem(other);
    }
    this.#item = item;
    this.#hash = hash;
    item.setOpacity(1);
    this.#look(looks.get(hash) ?? lastLook);
    this.#events.became("showing", hash);
    this.#osd.forceRedraw();
  }

  #look(look: Look | null): void {
    this.#fitted = look?.fitted ?? true;
    this.#fills = look?.fills ?? false;
    if (look === null || look.fitted || this.#item === null) return this.#home(true);
    const { viewport } = this.#osd;
    viewport.zoomTo(this.#item.imageToViewportZoom(look.scale), undefined, true);
    const height = this.#item.getBounds(true).height;
    viewport.panTo(new OpenSeadragon.Point(look.x, Math.min(look.y, height)), true);
    viewport.applyConstraints(true);
  }

  #remember(): void {
    if (this.#item === null) return;
    const { x, y } = this.#osd.viewport.getCenter(false);
    const scale = this.#item.viewportToImageZoom(this.#osd.viewport.getZoom(false));
    lastLook = { fitted: this.#fitted, fills: this.#fills, scale, x, y };
    looks.delete(this.#hash);
    looks.set(this.#hash, lastLook);
    const oldest = looks.keys().next();
    if (looks.size > MOST_LOOKS && oldest.done !== true) looks.delete(oldest.value);
  }

  /** The whole picture in the pane; a small one keeps its own pixels until it is told to fill. */
  #home(immediately: boolean): void {
    const { viewport } = this.#osd;
    viewport.goHome(immediately);
    const own = this.#item?.imageToViewportZoom(1) ?? Infinity;
    if (!this.#fills && viewport.getHomeZoom() > own) viewport.zoomTo(own, undefined, immediately);
  }

  #zoomBy(factor: number): void {
    this.#fitted = false;
    this.#osd.viewport.zoomBy(factor);
    this.#osd.viewport.applyConstraints();
  }

  /** Between the fitted view and the picture's own pixels at the place that was clicked. */
  #toggleAt(position: OpenSeadragon.Point): void {
    if (this.#item === null) return;
    const isActual = Math.abs(this.#zoom() - 1) < 0.01;
    if (!this.#fitted || isActual) return this.fit();
    this.#fitted = false;
    const { viewport } = this.#osd;
    viewport.zoomTo(this.#item.imageToViewportZoom(1 / devicePixelRatio), viewport.pointFromPixel(position, true));
    viewport.applyConstraints();
  }

  #zoom(): number {
    const zoom = this.#item?.viewportToImageZoom(this.#osd.viewport.getZoom(true)) ?? 1;
    return zoom * devicePixelRatio;
  }

  #report(): void {
    const item = this.#item;
    if (item === null) return;
    const { viewport } = this.#osd;
    const bounds = item.getBounds(true);
    const corner = viewport.pixelFromPoint(bounds.getTopLeft(), true);
    const far = viewport.pixelFromPoint(bounds.getBottomRight(), true);
    const zoom = this.#zoom();
    this.#smooth(zoom < 0.999);
    this.#remember();
    this.#events.moved({ x: corner.x, y: corner.y, width: far.x - corner.x, height: far.y - corner.y, zoom });
  }

  #isSmooth = true;
  /** From one to one on, the picture's own pixels are shown as they are. */
  #smooth(enabled: boolean): void {
    if (enabled === this.#isSmooth) return;
    this.#isSmooth = enabled;
    this.#osd.drawer.setImageSmoothingEnabled(enabled);
  }
}

/** OpenSeadragon adds one rule for touch screens in a style element that the page's policy refuses: stand in for it. */
function standInForStyle(): void {
  const name = "data-openseadragon-mobile-css";
  if (document.querySelector(`style[${name}]`) !== null) return;
  const style = document.createElement("style");
  style.nonce = cspNonce();
  style.setAttribute(name, "true");
  document.head.append(style);
}

function options(element: HTMLElement): OpenSeadragon.Options {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const gestures = { clickToZoom: false, dblClickToZoom: false, flickEnabled: false, scrollToZoom: true, pinchToZoom: true };
  return {
    element,
    drawer: "canvas",
    showNavigationControl: false,
    keyboardNavEnabled: false,
    tabIndex: -1,
    animationTime: still ? 0 : 0.12,
    springStiffness: 10,
    blendTime: 0,
    immediateRender: true,
    preserveImageSizeOnResize: true,
    minZoomImageRatio: 0.5,
    maxZoomPixelRatio: CLOSEST,
    smoothTileEdgesMinZoom: Infinity,
    visibilityRatio: 0.2,
    zoomPerScroll: 1.2,
    imageLoaderLimit: 6,
    maxImageCacheCount: 256,
    gestureSettingsMouse: gestures,
    gestureSettingsTouch: gestures,
    gestureSettingsPen: gestures,
    gestureSettingsUnknown: gestures,
  };
}
