/**
 * Keeps one caption's typing safe: every edit reaches the backend within 700 ms, one request at a time, and
 * after a minute's rest becomes a revision. It knows no editor and no window; one journal serves one slot for
 * as long as it has work, so text can never land in another caption's slot.
 */
import type { Caption, Committed, Conflict, JournalEntry, Saved, Slot, SpanLink, State } from "../../backend";

/** What an edit leaves to be stored. */
export interface Snapshot {
  text: string;
  editor_state: string | null;
  links: SpanLink[];
}

/** The two commands that a journal needs. */
export interface JournalBackend {
  journal(entry: JournalEntry): Promise<Saved>;
  commitCaption(slot: Slot): Promise<Committed>;
}

/** What a journal tells: called after every change of it. */
export interface JournalStatus {
  /** When the text was last stored, RFC 3339. */
  saved_at: string | null;
  /** Edits that are not stored yet. */
  pending: boolean;
  /** Differs from the newest revision. */
  dirty: boolean;
  /** Why the last request failed; null once one succeeds. */
  error: unknown;
  conflict: Conflict | null;
  /** State of the diagram, null until the backend told one. */
  state: State | null;
}

/** Time after the last key until a request, in milliseconds. */
export const SETTLE_MS = 250;
/** Longest time that a key waits for its request, in milliseconds. */
export const LATEST_MS = 700;
/** Rest after which the text becomes a revision, in milliseconds. */
export const REST_MS = 60_000;
/** First and longest pause before a failed request is tried again, in milliseconds. */
export const RETRY_MS = { first: 500, longest: 10_000 };

/** The journal of one caption of the acting person. */
export class Journal {
  readonly slot: Slot;
  readonly #backend: JournalBackend;
  readonly #tell: (status: JournalStatus) => void;
  #take: (() => Snapshot) | null = null;
  #firstUnsaved = 0;
  /** When the newest edit is to be sent. */
  #due = 0;
  #request: Promise<void> | null = null;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #version: number;
  #base: string | null;
  #status: JournalStatus;

  constructor(caption: Caption, backend: JournalBackend, tell: (status: JournalStatus) => void) {
    this.slot = caption.slot;
    this.#backend = backend;
    this.#tell = tell;
    this.#version = caption.version;
    this.#base = caption.base_revision;
    const { saved_at, dirty, conflict } = caption;
    this.#status = { saved_at, dirty, conflict, pending: false, error: null, state: null };
    if (dirty) this.#awaitRest();
  }

  get status(): JournalStatus {
    return this.#status;
  }

  /** Whether everything typed is stored and nothing is under way. */
  get settled(): boolean {
    return this.#take === null && this.#request === null;
  }

  /** Notes an edit. `take` is called when the edit is sent, so it must hold on to that moment's text. */
  edit(take: () => Snapshot): void {
    const now = Date.now();
    if (this.#take === null) this.#firstUnsaved = now;
    this.#take = take;
    this.#awaitRest();
    this.#due = Math.min(now + SETTLE_MS, this.#firstUnsaved + LATEST_MS);
    if (this.#failures === 0) this.#schedule(this.#due - now);
    this.#update({ pending: true, dirty: true });
  }

  /** Resolves when everything typed is stored; rejects if an attempt fails (the text is kept and tried again). */
  async flush(): Promise<void> {
    await this.#request?.catch(() => undefined);
    while (this.#take !== null || this.#request !== null) await (this.#request ?? this.#save());
  }

  /** Stores everything and makes a revision of it; for leaving the caption, and after a rest. */
  async leave(): Promise<void> {
    await this.flush();
    if (this.#status.dirty) await this.#commit();
    await this.flush();
  }

  /**
   * Takes over what the backend says of the same caption, unless edits or requests here are newer.
   * Returns whether it did: then the caption's text is the one to show. What an earlier reply said of the
   * diagram's state is out of date in any case.
   */
  refresh(caption: Caption): boolean {
    this.#update({ state: null });
    if (!this.settled || caption.version < this.#version) return false;
    this.#version = caption.version;
    this.#base = caption.base_revision;
    const { saved_at, dirty, conflict } = caption;
    this.#update({ saved_at, dirty, conflict });
    return true;
  }

  /** Takes over the outcome of a command that made a revision of this caption (submitted, conflict resolved). */
  adopt(done: Committed): void {
    this.#version = done.version;
    this.#base = done.base_revision;
    this.#update({ conflict: done.conflict, state: done.state, dirty: this.#take !== null });
  }

  #schedule(delay: number): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => {
      if (this.#request === null) this.#save().catch(() => undefined);
    }, Math.max(0, delay));
  }

  #awaitRest(): void {
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => {
      if (this.#status.dirty) this.leave().catch(() => this.#awaitRest());
    }, REST_MS);
  }

  /** Sends the newest text. */
  #save(): Promise<void> {
    clearTimeout(this.#saveTimer);
    return this.#alone(async () => {
      const take = this.#take;
      if (take === null) return;
      this.#take = null;
      try {
        const entry = { slot: this.slot, ...take(), base_revision: this.#base, version: this.#version };
        const saved = await this.#backend.journal(entry);
        this.#version = saved.version;
        this.#base = saved.base_revision;
        this.#failures = 0;
        this.#update({ saved_at: saved.at, dirty: true, error: null, conflict: saved.conflict, state: saved.state });
      } catch (error) {
        this.#take ??= take;
        this.#failures += 1;
        throw error;
      }
    });
  }

  #commit(): Promise<void> {
    return this.#alone(async () => {
      const done = await this.#backend.commitCaption(this.slot);
      this.#update({ error: null });
      this.adopt(done);
    });
  }

  /** Runs `work` after the request in flight, if any: there is never more than one. */
  #alone(work: () => Promise<void>): Promise<void> {
    const before = this.#request?.catch(() => undefined) ?? Promise.resolve();
    const request: Promise<void> = before
      .then(work)
      .catch((error: unknown) => {
        this.#update({ error });
        throw error;
      })
      .finally(() => {
        if (this.#request === request) this.#request = null;
        this.#update({ pending: this.#take !== null });
        if (this.#take !== null) this.#schedule(this.#pause());
      });
    this.#request = request;
    return request;
  }

  #pause(): number {
    if (this.#failures > 0) return Math.min(RETRY_MS.first * 2 ** (this.#failures - 1), RETRY_MS.longest);
    return this.#due - Date.now();
  }

  #update(change: Partial<JournalStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#tell(this.#status);
  }
}
