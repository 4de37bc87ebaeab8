/** Sizes of the panels in CSS pixels. The picture keeps at least 40 % of the window, whatever was asked for. */
import { recall, remember } from "./remembered";

export type Panel = "queue" | "caption" | "context";

interface Sizes {
  readonly queue: number;
  readonly caption: number;
  readonly context: number;
  readonly contextOpen: boolean;
}

/** Least sizes at which each panel is still usable. */
const LEAST: Record<Panel, number> = { queue: 200, caption: 340, context: 72 };
const PICTURE_SHARE = 0.4;
const SPLITTERS = 10;
/** The rail of places: with names from this width of the window on, with icons alone below. */
const RAIL = { wide: 148, narrow: 48, from: 1200 };

function isSizes(value: unknown): value is Sizes {
  if (typeof value !== "object" || value === null) return false;
  const sizes = value as Record<string, unknown>;
  return ["queue", "caption", "context"].every((panel) => typeof sizes[panel] === "number");
}

let sizes = $state.raw<Sizes>(recall("layout", { queue: 280, caption: 440, context: 132, contextOpen: true }, isSizes));
let windowSize = $state.raw({ width: window.innerWidth, height: window.innerHeight });

/** What the picture leaves to the panels beside it. */
const rail = $derived(windowSize.width >= RAIL.from ? RAIL.wide : RAIL.narrow);
const room = $derived(Math.floor(windowSize.width * (1 - PICTURE_SHARE)) - SPLITTERS - rail);
/** In a window too narrow for three panels the queue makes room; the palette finds diagrams there. */
const queueShown = $derived(room >= LEAST.queue + LEAST.caption);

/** Widths that fit: the caption yields to the queue, and both yield to the picture. */
const widths = $derived.by(() => {
  if (!queueShown) return { queue: 0, caption: clamp(sizes.caption, Math.min(LEAST.caption, room), room) };
  const queue = clamp(sizes.queue, LEAST.queue, room - LEAST.caption);
  return { queue, caption: clamp(sizes.caption, LEAST.caption, room - queue) };
});

const contextHeight = $derived(clamp(sizes.context, LEAST.context, Math.floor(windowSize.height * 0.4)));

export const layout = {
  /** Whether the rail of places has room for names. */
  get railWide(): boolean {
    return windowSize.width >= RAIL.from;
  },
  get queue(): number {
    return widths.queue;
  },
  /** Whether the window is wide enough for the queue. */
  get queueShown(): boolean {
    return queueShown;
  },
  get caption(): number {
    return widths.caption;
  },
  get context(): number {
    return contextHeight;
  },
  get contextOpen(): boolean {
    return sizes.contextOpen;
  },
  least(panel: Panel): number {
    return LEAST[panel];
  },
  /** The largest size that `panel` may take now. */
  most(panel: Panel): number {
    if (panel === "queue") return room - LEAST.caption;
    return panel === "caption" ? room - widths.queue : Math.floor(windowSize.height * 0.4);
  },
};

/** Gives a panel a new size, within its limits, and remembers it. */
export function resizePanel(panel: Panel, size: number): void {
  sizes = { ...sizes, [panel]: Math.round(clamp(size, LEAST[panel], layout.most(panel))) };
  remember("layout", sizes);
}

export function toggleContext(): void {
  sizes = { ...sizes, contextOpen: !sizes.contextOpen };
  remember("layout", sizes);
}

/** Follows the window's own size. */
export function measureWindow(): void {
  windowSize = { width: window.innerWidth, height: window.innerHeight };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
