/** A question that is being written: its text on the way to the store, its undo, and what the checks say. */
import { backend, type Finding, type Question, type QuestionContent } from "../../backend";
import { me } from "../../state/me.svelte";
import { Journal, type JournalBackend } from "../caption/journal";

/** Edits of the same field within this time are undone together, in milliseconds. */
const TOGETHER_MS = 800;
/** Rest after the last key until the checks run, in milliseconds. */
export const CHECK_MS = 300;
const LONGEST_UNDO = 500;

interface Step {
  readonly content: QuestionContent;
  readonly field: string;
  readonly at: number;
}

export class Writer {
  #question: Question = $state.raw() as Question;
  #content: QuestionContent = $state.raw() as QuestionContent;
  #findings: readonly Finding[] | null = $state.raw(null);
  #theirs: Question | null = $state.raw(null);
  #error: unknown = $state.raw(null);
  #pending = $state(false);
  #savedAt: string | null = $state(null);
  #done: Step[] = $state.raw([]);
  #undone: Step[] = $state.raw([]);
  #checkTimer: ReturnType<typeof setTimeout> | undefined;
  #checks = 0;
  #journal: Journal;
  readonly #onkept: (id: string, changed: boolean) => void;
  /** What the store held when it was last told to everybody else here. */
  #told: QuestionContent;

  /** `onkept` hears of each text that became a revision, and whether lists and numbers may say something else now. */
  constructor(question: Question, onkept: (id: string, changed: boolean) => void = () => undefined) {
    this.#onkept = onkept;
    this.#told = question.content;
    this.#question = question;
    this.#content = question.content;
    this.#journal = this.#open(question);
    void this.check();
  }

  get question(): Question {
    return this.#question;
  }
  get content(): QuestionContent {
    return this.#content;
  }
  /** What the checks say of the text as it stands; null until they have answered. */
  get findings(): readonly Finding[] | null {
    return this.#findings;
  }
  /** What somebody else wrote meanwhile; both are kept, and nothing is written before one of them is chosen. */
  get theirs(): Question | null {
    return this.#theirs;
  }
  get error(): unknown {
    return this.#error;
  }
  get pending(): boolean {
    return this.#pending;
  }
  get savedAt(): string | null {
    return this.#savedAt;
  }
  get canUndo(): boolean {
    return this.#done.length > 0;
  }
  get canRedo(): boolean {
    return this.#undone.length > 0;
  }
  /** Whether everything typed is stored. */
  get settled(): boolean {
    return this.#journal.settled;
  }
  get writable(): boolean {
    return this.#question.state === "draft" && this.#theirs === null && me.is("author");
  }
  /** What keeps the question out of the set: errors, and warnings that nobody answered for. */
  get blocking(): readonly Finding[] {
    return (this.#findings ?? []).filter(({ severity, overruled }) => severity !== "hint" && !overruled);
  }

  /** Takes an edit of `field`; edits of the same field in one go are one step of undo. */
  edit(content: QuestionContent, field: string): void {
    if (!this.writable) return;
    const last = this.#done.at(-1);
    const now = Date.now();
    const together = last !== undefined && last.field === field && now - last.at < TOGETHER_MS && this.#undone.length === 0;
    const step = { content: together ? last.content : this.#content, field, at: now };
    this.#done = [...(together ? this.#done.slice(0, -1) : this.#done), step].slice(-LONGEST_UNDO);
    this.#undone = [];
    this.#put(content);
  }

  undo(): void {
    const step = this.#done.at(-1);
    if (step === undefined || !this.writable) return;
    this.#done = this.#done.slice(0, -1);
    this.#undone = [...this.#undone, { ...step, content: this.#content }];
    this.#put(step.content);
  }

  redo(): void {
    const step = this.#undone.at(-1);
    if (step === undefined || !this.writable) return;
    this.#undone = this.#undone.slice(0, -1);
    this.#done = [...this.#done, { ...step, content: this.#content, at: 0 }];
    this.#put(step.content);
  }

  /** Resolves when everything typed is stored. */
  flush(): Promise<void> {
    return this.#journal.flush();
  }

  /** Stores everything and makes a revision of it. */
  leave(): Promise<void> {
    return this.#journal.leave();
  }

  /** Takes over what the store says, unless something typed here is newer. */
  refresh(question: Question): void {
    if (this.#theirs !== null) {
      // Mine stays on the screen; what it is compared with may have gone on.
      if (question.version > this.#theirs.version) this.#theirs = question;
      return;
    }
    if (!this.settled || question.version < this.#question.version) return;
    const changed = question.version !== this.#question.version;
    this.#question = question;
    this.#told = question.content;
    if (!changed) return;
    this.#content = question.content;
    this.#journal = this.#open(question);
    void this.check();
  }

  /** Takes over the answer to a step such as taking it up or restoring an earlier text. */
  adopt(question: Question): void {
    if (JSON.stringify(question.content) !== JSON.stringify(this.#content)) {
      this.#done = [...this.#done, { content: this.#content, field: "", at: 0 }];
      this.#content = question.content;
    }
    this.#question = question;
    this.#told = question.content;
    this.#theirs = null;
    this.#journal = this.#open(question);
    void this.check();
  }

  /** Settles a meeting of two texts: mine is written over theirs, which stays in the history, or theirs is taken. */
  settle(keep: "mine" | "theirs"): void {
    const theirs = this.#theirs;
    if (theirs === null) return;
    const mine = this.#content;
    this.adopt(theirs);
    if (keep === "mine") this.edit(mine, "conflict");
  }

  /** Asks the checks about the text as it stands. */
  async check(): Promise<void> {
    clearTimeout(this.#checkTimer);
    const mine = ++this.#checks;
    try {
      const findings = await backend().checkQuestion(this.#question.id, this.#content);
      if (mine === this.#checks) this.#findings = findings;
    } catch (thrown) {
      if (mine === this.#checks) this.#error = thrown;
    }
  }

  #put(content: QuestionContent): void {
    this.#content = content;
    const text = JSON.stringify(content);
    this.#journal.edit(() => ({ text, editor_state: null, links: [] }));
    clearTimeout(this.#checkTimer);
    this.#checkTimer = setTimeout(() => void this.check(), CHECK_MS);
  }

  /** The journal of captions keeps questions too: a request at a time, tried again until it succeeds. */
  #open(question: Question): Journal {
    const { id } = question;
    const api = backend();
    const kept: JournalBackend = {
      journal: async ({ text, version }) => {
        const content = JSON.parse(text) as QuestionContent;
        const saved = await api.saveQuestion({ id, content, version });
        this.#theirs = saved.theirs;
        // What comes after a text that met another one meets it too, until somebody chooses.
        if (saved.theirs !== null) return { version, base_revision: null, at: saved.at, conflict: null, state: "in_progress" };
        this.#question = { ...this.#question, content, version: saved.version, updated_at: saved.at };
        return { version: saved.version, base_revision: null, at: saved.at, conflict: null, state: "in_progress" };
      },
      commitCaption: async () => {
        const { version } = await api.commitQuestion(id);
        const changed = JSON.stringify(this.#told) !== JSON.stringify(this.#question.content);
        this.#told = this.#question.content;
        this.#onkept(id, changed);
        return { head_revision: null, base_revision: null, version, conflict: null, state: "in_progress" };
      },
    };
    const start = {
      slot: { diagram_id: question.diagram_id, level: question.content.level, region_id: null }, region_name: null, draft: null, text: "",
      written_by: null, links: [], reasons: [], editor_state: null, base_revision: null, version: question.version, saved_at: null, dirty: false, progress: "written" as const, conflict: null,
    };
    return new Journal(start, kept, ({ pending, error, saved_at }) => {
      this.#pending = pending;
      this.#error = error;
      this.#savedAt = saved_at ?? this.#savedAt;
    });
  }
}
