/**
 * The captions that are open: for each slot its editor state and its journal. Sessions outlive the pane and the
 * diagram on show until their text is stored, so that coming back finds what was typed, not an older reading.
 */
import type { EditorState } from "@codemirror/state";
import { SvelteMap } from "svelte/reactivity";
import { type Backend, backend, type Caption, type CaptionProgress, type SpanLink } from "../../backend";
import { type EditorSettings, openState, storeState, withText } from "./editor";
import { linksOf, withLinks } from "./links";
import { Journal, type JournalStatus } from "./journal";
import { slotKey } from "./slots";

/** One open caption. */
export class Session {
  readonly journal: Journal;
  caption: Caption = $state.raw() as Caption;
  /** The newest editor state; the live editor writes it while this caption is on show. */
  state: EditorState = $state.raw() as EditorState;
  status: JournalStatus = $state.raw() as JournalStatus;
  readonly text = $derived(this.state.doc.toString());
  /** Edited since the caption was read last. */
  #typed = $state(false);

  constructor(caption: Caption, settings: EditorSettings) {
    this.caption = caption;
    this.state = openState(caption.text, caption.editor_state, settings, caption.links);
    this.journal = new Journal(caption, backend(), (status) => (this.status = status));
    this.status = this.journal.status;
  }

  /** Notes that the person changed the text to what `state` holds. */
  edited(state: EditorState): void {
    this.state = state;
    this.#typed = true;
    this.journal.edit(() => ({ text: state.doc.toString(), editor_state: storeState(state), links: linksOf(state) }));
  }

  /**
   * Takes over a newer reading of the caption; never over text that is not stored yet. With `still`, a newer
   * draft does not replace the one whose text somebody has the cursor in.
   */
  refresh(caption: Caption, still = false): void {
    const draftOnly = this.#untouched && isUntouched(caption);
    this.caption = caption;
    if (!this.journal.refresh(caption)) return;
    this.#typed = false;
    if (!(still && draftOnly)) this.show(caption.text, caption.links);
  }

  /** How far the person is with it, what was typed a moment ago included. */
  get progress(): CaptionProgress {
    const { progress, draft } = this.caption;
    if (!this.#typed) return progress;
    if (this.text.trim() === "") return "empty";
    if (draft?.text !== this.text) return "written";
    return progress === "draft" ? "draft" : "accepted";
  }

  get #untouched(): boolean {
    return isUntouched(this.caption) && !this.status.dirty && this.journal.settled;
  }

  /** Shows a text that is already stored. */
  show(text: string, links: readonly SpanLink[] | null = null): void {
    const shown = withText(this.state, text);
    const same = links === null || JSON.stringify(linksOf(shown)) === JSON.stringify(links);
    this.state = same ? shown : withLinks(shown, links);
  }
}

/** Whether nobody has written this caption, so that its text is the newest draft's. */
function isUntouched(caption: Caption): boolean {
  return caption.base_revision === null && caption.version === 0 && !caption.dirty;
}

/** Sessions belong to the backend that they save to. */
const byBackend = new WeakMap<Backend, SvelteMap<string, Session>>();

function known(): SvelteMap<string, Session> {
  const sessions = byBackend.get(backend()) ?? new SvelteMap<string, Session>();
  byBackend.set(backend(), sessions);
  return sessions;
}

/** The session of a caption, opened if need be. */
export function openSession(caption: Caption, settings: EditorSettings): Session {
  const key = slotKey(caption.slot);
  const session = known().get(key) ?? new Session(caption, settings);
  known().set(key, session);
  return session;
}

/**
 * Takes over newer readings of captions that are open, except the one being composed (IME) right now; the one
 * that has the cursor keeps the draft it shows.
 */
export function refreshSessions(captions: Caption[], composing: Session | null, focused: Session | null = null): void {
  for (const caption of captions) {
    const session = known().get(slotKey(caption.slot));
    if (session !== undefined && session !== composing && session.caption !== caption) session.refresh(caption, session === focused);
  }
}

/** Open sessions of a diagram, or of all. */
export function openSessions(diagramId: string | null): Session[] {
  const all = [...known().values()];
  return diagramId === null ? all : all.filter(({ caption }) => caption.slot.diagram_id === diagramId);
}

/** Open sessions that are kept for coming back, so that an older reading never replaces a newer text. */
const KEPT = 200;

/** Forgets the oldest sessions of other diagrams that have nothing left to store. */
export function closeSettled(exceptDiagramId: string): void {
  const sessions = known();
  for (const [key, session] of sessions) {
    if (sessions.size <= KEPT) return;
    const elsewhere = session.caption.slot.diagram_id !== exceptDiagramId;
    if (elsewhere && session.journal.settled && !session.status.dirty) sessions.delete(key);
  }
}
