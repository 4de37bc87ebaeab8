/** Texts that an engine is writing now, followed while jobs run; and what it says it is doing. Never the expert's text. */
import { backend, type Followed, type Job, type JobItem, type Slot, type Telemetry } from "../backend";
import { slotKey } from "../lib/caption/slots";
import { drafting, refreshJobs } from "./drafting.svelte";
import { renewOpen } from "./navigation";

/** A text that grows. */
export interface Stream {
  readonly item: number;
  readonly job: string;
  readonly model: string;
  readonly text: string;
  /** Its beginning was written before this window looked. */
  readonly cut: boolean;
}

interface Streams {
  /** By the caption they are for. */
  readonly texts: ReadonlyMap<string, Stream>;
  /** Name of the model that is being read from disk. */
  readonly loading: string | null;
}

/** Five times a second. */
export const FOLLOW_MS = 200;
/** So often a look at whether the engine is still there. */
const ENGINE_EVERY = 10;
const RUNNING_ITEMS = 100;
/** A text longer than this is shown by its end. */
const LONGEST = 200_000;

const NONE: Streams = { texts: new Map(), loading: null };

let state = $state.raw<Streams>(NONE);
const cursors = new Map<string, string>();
/** Where each running item belongs; null for one that is over. */
const items = new Map<number, JobItem | null>();
let timer: ReturnType<typeof setTimeout> | undefined;
let ticks = 0;
let following = false;

export const streams = {
  get now(): Streams {
    return state;
  },
};

/** Follows the jobs from now on, as long as any is open. Returns what stops it. */
export function followJobs(): () => void {
  following = true;
  schedule(0);
  return () => {
    following = false;
    clearTimeout(timer);
    cursors.clear();
    items.clear();
    state = NONE;
  };
}

function schedule(delay: number): void {
  clearTimeout(timer);
  if (following) timer = setTimeout(() => void tick(), delay);
}

async function tick(): Promise<void> {
  const running = drafting.open.filter((job) => job.state === "running");
  dropStopped(running);
  if (++ticks % ENGINE_EVERY === 0 && drafting.open.length > 0) await refreshJobs();
  let more = false;
  for (const job of running) more = (await follow(job)) || more;
  schedule(more ? 0 : FOLLOW_MS);
}

/** Reads on in one job; true if there is more at once. */
async function follow(job: Job): Promise<boolean> {
  let told: Followed;
  try {
    told = await backend().followJob(job.id, cursors.get(job.id) ?? "");
  } catch {
    // Partial text is a comfort: the draft comes without it, and failures of the job are told by its row.
    return false;
  }
  if (!following) return false;
  cursors.set(job.id, told.cursor);
  const over = told.telemetry.flatMap(ended);
  for (const { event } of told.telemetry) if (event.kind === "begun") items.delete(event.item);
  for (const item of over) items.set(item, null);
  for (const { event } of told.telemetry) heed(event);
  await learn(job, told);
  write(job, told);
  const shown = [...state.texts.values()].some(({ item }) => over.includes(item));
  if (over.length > 0) await (shown ? renewOpen() : undefined);
  if (shown) remove(({ item }) => over.includes(item));
  return told.more;
}

function ended({ event }: Telemetry): number[] {
  return event.kind === "drafted" || event.kind === "proposed" || event.kind === "answered" || event.kind === "failed" ? [event.item] : [];
}

function heed(event: Telemetry["event"]): void {
  if (event.kind === "loading") state = { ...state, loading: event.model };
  else if (event.kind !== "note" && state.loading !== null) state = { ...state, loading: null };
}

/** Asks which captions are being written, where a piece of an unknown one came. */
async function learn(job: Job, told: Followed): Promise<void> {
  if (told.partial.every(({ item }) => items.has(item))) return;
  const running = await backend().jobItems(job.id, "running", 0, RUNNING_ITEMS).catch(() => []);
  for (const item of running) if (items.get(item.id) !== null) items.set(item.id, item);
  for (const { item } of told.partial) if (!items.has(item)) items.set(item, null);
}

function write(job: Job, told: Followed): void {
  const texts = new Map(state.texts);
  for (const { item, n, text } of told.partial) {
    const found = items.get(item);
    if (found == null) continue;
    const key = slotKey(slotOf(found));
    const before = texts.get(key);
    const goesOn = n > 0 && before?.item === item;
    const whole = goesOn ? before.text + text : text;
    const cut = (goesOn ? before.cut : n > 0) || whole.length > LONGEST;
    texts.set(key, { item, job: job.id, model: job.parameters.model.name, text: whole.slice(-LONGEST), cut });
  }
  if (told.partial.length > 0) state = { ...state, texts };
}

function slotOf({ diagram_id, level, region_id }: JobItem): Slot {
  return { diagram_id, level, region_id };
}

/** A job that stopped leaves nothing half-written on the screen. */
function dropStopped(running: readonly Job[]): void {
  const ids = new Set(running.map(({ id }) => id));
  remove(({ job }) => !ids.has(job));
  for (const id of cursors.keys()) if (!ids.has(id)) cursors.delete(id);
  if (running.length === 0) {
    items.clear();
    if (state.loading !== null) state = { ...state, loading: null };
  }
}

function remove(gone: (stream: Stream) => boolean): void {
  if (![...state.texts.values()].some(gone)) return;
  state = { ...state, texts: new Map([...state.texts].filter(([, stream]) => !gone(stream))) };
}
