/** What a lead looks at: the list of handed-in work, the diagram that is open, and what is being decided about it. */
import {
  backend, toApiError, type Anchor, type NewDecision, type Pick, type QueueFilter, type QueueOrder, type QueueRow, type Reason, type ReviewCaption, type ReviewView,
  type State,
} from "../backend";
import { Paged } from "../lib/paged.svelte";
import { slotKey } from "../lib/caption/slots";
import type { Key } from "../i18n";
import { begunOf, keepBegun } from "./begun";
import { followOthers } from "./navigation";
import { NO_FILTER } from "./queue.svelte";
import { fail } from "./toasts.svelte";
import { wording } from "./wording.svelte";

export type Listed = Extract<State, "submitted" | "approved" | "returned">;
interface Sieve {
  readonly search: string;
  readonly order: QueueOrder;
  readonly reason: Reason | null;
}
const NO_SIEVE: Sieve = { search: "", order: "number", reason: null };

/** In the order in which they are offered. */
export const LISTED: readonly Listed[] = ["submitted", "approved", "returned"];

class Review {
  readonly list = new Paged<QueueRow>((offset, limit) => backend().queuePage(this.#filter, offset, limit), (thrown) => fail("failed.queue", thrown));
  state: Listed = $state("submitted");
  /** What the list is narrowed to, and its order. */
  sieve: Sieve = $state.raw(NO_SIEVE);
  active = $state(-1);
  view: ReviewView | null = $state.raw(null);
  /** The same diagram, handed in again while it is read: shown when the lead asks for it. */
  newer: ReviewView | null = $state.raw(null);
  /** Index of the caption on show. */
  at = $state(0);
  /** The change that is looked at, from 0; -1 before any was gone to. */
  change = $state(-1);
  /** How many changes the text on show has. */
  changes = $state(0);
  fixing = $state(false);
  /** The lead asked to write: the keyboard goes to the text then, and only then. */
  fixAsked = $state(false);
  returning = $state(false);
  reasons: readonly Reason[] = $state.raw([]);
  note = $state("");
  busy = $state(false);
  /** Why the last key did nothing. */
  told: Key | null = $state(null);
  /** What is being commented on, and the words so far. */
  about: Anchor | null = $state.raw(null);
  comment = $state("");
  /** The conversation whose words or region are shown. */
  talkedOf: string | null = $state(null);
  /** Whose text is taken, by caption, where two wrote it. */
  picks: Readonly<Record<string, string>> = $state.raw({});
  last: { id: string; number: number; state: State } | null = $state.raw(null);
  region: string | null = $state(null);
  #wish = 0;

  get caption(): ReviewCaption | null {
    return this.view?.captions[this.at] ?? null;
  }
  /** The text that is accepted for a caption unless the lead words it anew. */
  expert(caption: ReviewCaption) {
    const wanted = this.picks[slotKey(caption.slot)];
    return caption.experts.find(({ revision_id }) => revision_id === wanted) ?? caption.experts[0] ?? null;
  }
  /** The lead's own wording; empty where the caption is left out, null where the expert's text is taken. */
  fixed(caption: ReviewCaption): string | null {
    const text = wording.of(caption);
    return text === this.expert(caption)?.text ? null : text;
  }
  /** The diagram whose decision can be taken back: the one that is open, or else the last one decided here. */
  get undoable(): { id: string; number: number } | null {
    const { view, last } = this;
    if (view !== null && view.diagram.id !== last?.id) {
      const made = view.decisions.at(-1);
      const stands = made !== undefined && !made.undone && (made.verdict === "return" ? "returned" : "approved") === view.diagram.state;
      if (stands) return view.diagram;
    }
    return last;
  }
  get #filter(): QueueFilter {
    return { ...NO_FILTER, ...this.sieve, state: this.state };
  }

  /** Forgets everything, for another workspace. */
  reset(): void {
    this.state = "submitted";
    this.sieve = NO_SIEVE;
    this.active = -1;
    this.view = null;
    this.newer = null;
    this.last = null;
    wording.reset();
  }

  async refresh(): Promise<void> {
    await this.list.reload();
    const id = this.view?.diagram.id;
    if (id !== undefined) {
      this.active = this.list.known().find(([, row]) => row.id === id)?.[0] ?? this.active;
      await this.#read(id);
    } else if (this.list.total > 0) await this.open(0);
  }

  show(state: Listed): Promise<void> {
    this.state = state;
    return this.#relist();
  }
  sift(change: Partial<Sieve>): Promise<void> {
    this.sieve = { ...this.sieve, ...change };
    return this.#relist();
  }
  async #relist(): Promise<void> {
    await this.list.reload(true);
    this.active = -1;
    this.view = null;
    if (this.list.total > 0) await this.open(0);
  }

  /** Opens the row `index` of the list. What was typed before is stored on the way, and never in the way. */
  async open(index: number): Promise<void> {
    const row = this.list.row(index);
    if (row === undefined) return;
    this.active = index;
    const mine = ++this.#wish;
    await wording.flush();
    if (mine !== this.#wish) return;
    try {
      const view = await backend().review(row.id);
      if (mine === this.#wish) this.#show(view);
    } catch (thrown) {
      if (mine === this.#wish) fail("failed.diagram", thrown);
    }
  }

  async #read(id: string): Promise<void> {
    const mine = this.#wish;
    try {
      const view = await backend().review(id);
      if (mine !== this.#wish || this.view?.diagram.id !== id) return;
      // Texts never change under a reader.
      if (String(read(view)) === String(read(this.view))) this.view = view;
      else this.newer = view;
    } catch (thrown) {
      fail("failed.diagram", thrown);
    }
  }

  /** Shows the diagram as it was handed in while it was read. */
  showNewer(): void {
    const { newer } = this;
    if (newer !== null) this.#show(newer);
  }

  #show(view: ReviewView): void {
    const begun = begunOf(view.diagram.id);
    const first = view.captions.findIndex((caption) => caption.experts.length > 0);
    wording.forget(view.diagram.id);
    this.view = view;
    this.newer = null;
    this.told = null;
    this.talkedOf = null;
    this.change = -1;
    this.returning = begun !== null && (begun.note !== "" || begun.reasons.length > 0);
    this.reasons = begun?.reasons ?? [];
    this.note = begun?.note ?? "";
    this.about = begun?.about ?? null;
    this.comment = begun?.comment ?? "";
    this.picks = {};
    this.region = null;
    this.choose(Math.max(0, first));
  }

  /** Keeps what was begun and not sent; called whenever it changes. */
  keepBegun(): void {
    const { about, comment, note, reasons } = this;
    if (this.view !== null) keepBegun(this.view.diagram.id, { about, comment, note, reasons });
  }

  choose(at: number): void {
    this.at = at;
    this.change = -1;
    this.fixing = this.caption !== null && this.fixed(this.caption) !== null;
  }
  fix(): void {
    this.fixing = true;
    this.fixAsked = true;
  }

  /** Goes to another change of the text; past the last one, to the next caption that has any. */
  step(by: 1 | -1): void {
    const next = this.change + by;
    if (next >= 0 && next < this.changes) this.change = next;
    else {
      const captions = this.view?.captions ?? [];
      const at = this.at + by;
      if (captions[at] !== undefined) this.choose(at);
    }
  }

  picked(): Pick[] {
    return (this.view?.captions ?? []).flatMap((caption): Pick[] => {
      const { slot } = caption;
      const expert = this.expert(caption);
      const fixed = this.fixed(caption);
      if (fixed !== null) return [{ slot, text: fixed.trim() === "" ? { kind: "nothing" } : { kind: "fixed", text: fixed, over: expert?.revision_id ?? null } }];
      return expert === null ? [] : [{ slot, text: { kind: "expert", revision_id: expert.revision_id } }];
    });
  }

  /** Accepts what was read. A wording from before the texts were handed in again is looked at first. */
  async accept(): Promise<void> {
    const older = this.view?.captions.findIndex((caption) => this.fixed(caption) !== null && wording.isOlder(caption)) ?? -1;
    if (older >= 0) {
      this.choose(older);
      this.told = "review.older_first";
      return;
    }
    await this.#decide((view) => ({ kind: "accept", picks: this.picked(), note: this.note.trim(), read: read(view) }));
  }
  sendBack(): Promise<void> {
    return this.#decide((view) => ({ kind: "return", reasons: [...this.reasons], note: this.note.trim(), read: read(view) }));
  }

  async #decide(made: (view: ReviewView) => NewDecision): Promise<void> {
    const view = this.view;
    if (view === null || this.busy) return;
    this.busy = true;
    this.told = null;
    try {
      if (!(await wording.flush())) return;
      const state = await backend().decide(view.diagram.id, made(view));
      this.last = { id: view.diagram.id, number: view.diagram.number, state };
      this.about = null;
      this.comment = "";
      this.note = "";
      this.reasons = [];
      this.keepBegun();
      const index = this.active;
      this.view = null;
      await this.list.reload();
      await this.open(Math.max(0, Math.min(index, this.list.total - 1)));
      void followOthers();
    } catch (thrown) {
      const { code } = toApiError(thrown);
      fail(code === "not_as_read" ? "failed.not_as_read" : "failed.decide", thrown);
      // What stands there is not what was read: it is shown, and nothing was decided.
      await this.refresh();
      this.showNewer();
    } finally {
      this.busy = false;
    }
  }

  /** Takes a decision back, and shows the diagram as it stood before. */
  async undo(id: string): Promise<void> {
    try {
      const state = await backend().undoDecision(id);
      this.last = null;
      const listed = LISTED.find((each) => each === state);
      if (listed !== undefined) this.state = listed;
      this.view = null;
      await this.list.reload();
      const place = await backend().placeOf(this.#filter, id);
      if (place !== null) {
        this.list.show(place.index, place.index);
        await this.list.reload();
      }
      this.active = place?.index ?? -1;
      const mine = ++this.#wish;
      const view = await backend().review(id);
      if (mine === this.#wish) this.#show(view);
      void followOthers();
    } catch (thrown) {
      fail("failed.undo_decision", thrown);
      await this.refresh();
    }
  }

  async send(): Promise<void> {
    const view = this.view;
    if (view === null || this.about === null || this.comment.trim() === "") return;
    try {
      await backend().startThread(view.diagram.id, this.about, this.comment.trim());
      this.about = null;
      this.comment = "";
      this.renew();
    } catch (thrown) {
      fail("failed.thread", thrown);
    }
  }

  /** Something was said: here and in the other places. */
  renew(): void {
    const id = this.view?.diagram.id;
    if (id !== undefined) void this.#read(id);
    void followOthers();
  }
}

/** Every revision that is on the screen. */
function read(view: ReviewView): string[] {
  return view.captions.flatMap(({ experts }) => experts.map(({ revision_id }) => revision_id));
}

export const review = new Review();
