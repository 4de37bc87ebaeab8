/** What a lead looks at: the list of handed-in work, the diagram that is open, and what is being decided about it. */
import { backend, type Anchor, type NewDecision, type Pick, type QueueRow, type Reason, type ReviewCaption, type ReviewView, type Slot, type State } from "../backend";
import { Paged } from "../lib/paged.svelte";
import { slotKey } from "../lib/caption/slots";
import { fail } from "./toasts.svelte";
import { NO_FILTER } from "./queue.svelte";

/** Rest after the last key until a lead's wording is stored, in milliseconds. */
const KEEP_MS = 300;

export type Listed = Extract<State, "submitted" | "approved" | "returned">;

/** In the order in which they are offered. */
export const LISTED: readonly Listed[] = ["submitted", "approved", "returned"];

class Review {
  readonly list = new Paged<QueueRow>((offset, limit) => backend().queuePage({ ...NO_FILTER, state: this.state }, offset, limit), (thrown) => fail("failed.queue", thrown));
  state: Listed = $state("submitted");
  active = $state(-1);
  view: ReviewView | null = $state.raw(null);
  /** Index of the caption on show. */
  at = $state(0);
  /** The change that is looked at, from 0; -1 before any was gone to. */
  change = $state(-1);
  /** How many changes the text on show has. */
  changes = $state(0);
  fixing = $state(false);
  returning = $state(false);
  reasons: readonly Reason[] = $state.raw([]);
  note = $state("");
  busy = $state(false);
  /** What is being commented on, and the words so far. */
  about: Anchor | null = $state.raw(null);
  comment = $state("");
  /** Whose text is taken, by caption, where two wrote it. */
  picks: Readonly<Record<string, string>> = $state.raw({});
  /** The lead's own wording, by caption. */
  texts: Readonly<Record<string, string>> = $state.raw({});
  last: { id: string; number: number; state: State } | null = $state.raw(null);
  region: string | null = $state(null);
  #wish = 0;
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #unsaved = new Map<string, { slot: Slot; text: string }>();
  /** Comments begun and not sent, by diagram: they wait while one looks elsewhere. */
  #begun = new Map<string, { about: Anchor | null; comment: string; note: string; reasons: readonly Reason[] }>();

  get caption(): ReviewCaption | null {
    return this.view?.captions[this.at] ?? null;
  }
  /** The text that is accepted for a caption unless the lead words it anew. */
  expert(caption: ReviewCaption) {
    const wanted = this.picks[slotKey(caption.slot)];
    return caption.experts.find(({ revision_id }) => revision_id === wanted) ?? caption.experts[0] ?? null;
  }
  fixed(caption: ReviewCaption): string | null {
    const text = this.texts[slotKey(caption.slot)];
    return text === undefined || text === this.expert(caption)?.text ? null : text;
  }

  reset(): void {
    this.state = "submitted";
    this.active = -1;
    this.view = null;
    this.last = null;
    this.#begun.clear();
  }

  async refresh(): Promise<void> {
    await this.list.reload();
    const id = this.view?.diagram.id;
    if (id !== undefined) {
      this.active = this.list.known().find(([, row]) => row.id === id)?.[0] ?? this.active;
      await this.#read(id);
    } else if (this.list.total > 0) await this.open(0);
  }

  async show(state: Listed): Promise<void> {
    this.state = state;
    await this.list.reload(true);
    this.active = -1;
    this.view = null;
    if (this.list.total > 0) await this.open(0);
  }

  /** Opens the row `index` of the list. */
  async open(index: number): Promise<void> {
    const row = this.list.row(index);
    if (row === undefined) return;
    this.active = index;
    await this.flush();
    this.#remember();
    const mine = ++this.#wish;
    try {
      const view = await backend().review(row.id);
      if (mine !== this.#wish) return;
      this.#take(view, true);
    } catch (thrown) {
      if (mine === this.#wish) fail("failed.diagram", thrown);
    }
  }

  async #read(id: string): Promise<void> {
    const mine = this.#wish;
    try {
      const view = await backend().review(id);
      if (mine === this.#wish && this.view?.diagram.id === id) this.#take(view, false);
    } catch (thrown) {
      fail("failed.diagram", thrown);
    }
  }

  #take(view: ReviewView, fresh: boolean): void {
    this.view = view;
    if (!fresh) return;
    const begun = this.#begun.get(view.diagram.id);
    const first = view.captions.findIndex((caption) => caption.experts.length > 0);
    this.at = Math.max(0, first);
    this.change = -1;
    this.fixing = false;
    this.returning = begun !== undefined && (begun.note !== "" || begun.reasons.length > 0);
    this.reasons = begun?.reasons ?? [];
    this.note = begun?.note ?? "";
    this.about = begun?.about ?? null;
    this.comment = begun?.comment ?? "";
    this.picks = {};
    this.region = null;
    this.texts = Object.fromEntries(view.captions.flatMap(({ slot, lead_text }) => (lead_text === null ? [] : [[slotKey(slot), lead_text]])));
    this.fixing = this.caption !== null && this.fixed(this.caption) !== null;
  }

  #remember(): void {
    const id = this.view?.diagram.id;
    if (id === undefined) return;
    const { about, comment, note, reasons } = this;
    if (comment.trim() === "" && note.trim() === "" && reasons.length === 0) this.#begun.delete(id);
    else this.#begun.set(id, { about, comment, note, reasons });
  }

  choose(at: number): void {
    this.at = at;
    this.change = -1;
    this.fixing = this.caption !== null && this.fixed(this.caption) !== null;
  }

  /** Keeps the lead's wording of a caption; tried again with the next key if it fails. */
  word(caption: ReviewCaption, text: string): void {
    const key = slotKey(caption.slot);
    this.texts = { ...this.texts, [key]: text };
    this.#unsaved.set(key, { slot: caption.slot, text });
    clearTimeout(this.#timers.get(key));
    this.#timers.set(key, setTimeout(() => void this.flush().catch(() => undefined), KEEP_MS));
  }

  /** Stores the lead's wordings; a failure is told, and the words stay here. */
  async flush(): Promise<void> {
    for (const [key, { slot, text }] of this.#unsaved) {
      try {
        await backend().keepLeadText(slot, text);
        if (this.#unsaved.get(key)?.text === text) this.#unsaved.delete(key);
      } catch (thrown) {
        fail("failed.save", thrown);
        throw thrown;
      }
    }
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
      const fixed = this.fixed(caption);
      if (fixed !== null) return [{ slot, text: { kind: "fixed", text: fixed } }];
      const expert = this.expert(caption);
      return expert !== null && caption.experts.length > 1 ? [{ slot, text: { kind: "expert", revision_id: expert.revision_id } }] : [];
    });
  }

  accept(): Promise<void> {
    return this.#decide(() => ({ kind: "accept", picks: this.picked(), note: this.note.trim() }));
  }
  sendBack(): Promise<void> {
    return this.#decide(() => ({ kind: "return", reasons: [...this.reasons], note: this.note.trim() }));
  }

  async #decide(made: () => NewDecision): Promise<void> {
    const view = this.view;
    if (view === null || this.busy) return;
    this.busy = true;
    try {
      await this.flush();
      const state = await backend().decide(view.diagram.id, made());
      this.last = { id: view.diagram.id, number: view.diagram.number, state };
      this.note = "";
      this.reasons = [];
      this.comment = "";
      this.#remember();
      const index = this.active;
      this.view = null;
      await this.list.reload();
      await this.open(Math.max(0, Math.min(index, this.list.total - 1)));
    } catch (thrown) {
      fail("failed.decide", thrown);
    } finally {
      this.busy = false;
    }
  }

  /** Takes the last decision back: the diagram is open for its author again. */
  async reopen(id: string): Promise<void> {
    try {
      await backend().reopen(id);
      this.last = null;
      await this.refresh();
    } catch (thrown) {
      fail("failed.reopen", thrown);
    }
  }

  async send(): Promise<void> {
    const view = this.view;
    if (view === null || this.about === null || this.comment.trim() === "") return;
    try {
      await backend().startThread(view.diagram.id, this.about, this.comment.trim());
      this.about = null;
      this.comment = "";
      await this.#read(view.diagram.id);
    } catch (thrown) {
      fail("failed.thread", thrown);
    }
  }

  renew(): void {
    const id = this.view?.diagram.id;
    if (id !== undefined) void this.#read(id);
  }
}

export const review = new Review();
