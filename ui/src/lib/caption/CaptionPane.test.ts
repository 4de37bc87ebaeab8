/** The caption pane as its user meets it: typing is kept, levels stay apart, others' changes are shown. */
import { EditorView } from "@codemirror/view";
import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Backend, type Caption, type Conflict, type DiagramView, type Draft, type JournalEntry, type Level, provideBackend, type Saved,
} from "../../backend";
import { fakeBackend } from "../../backend/fake";
import CaptionPane from "./CaptionPane.svelte";
import { run } from "../../commands";
import { otherDraftView } from "../../commands/offered";

const DRAFT: Draft = {
  id: "draft-1", level: "global", region_id: null, text: "The router sends.", label: "model-a", created_at: "2026-11-01T08:00:00Z",
  origin: null,
};

function caption(level: Level, regionId: string | null, change: Partial<Caption> = {}): Caption {
  return {
    slot: { diagram_id: "d1", level, region_id: regionId },
    region_name: null, draft: null, text: "", editor_state: null, base_revision: null, version: 1,
    written_by: null, saved_at: null, dirty: false, conflict: null, links: [], reasons: [], progress: "empty", ...change,
  };
}

function viewOf(global: Partial<Caption> = {}, change: Partial<DiagramView> = {}): DiagramView {
  return {
    diagram: {
      id: "d1", number: 1, name: "one.png", state: "todo", image: { hash: "h", format: "png", width: 10, height: 10, bytes: 1 },
      view: { kind: "whole" }, context: "", source: null, license: null, imported_at: "2026-11-01T00:00:00Z",
      kind: "", plan: null, second: false, draft_hidden: false, skip_reason: null,
    },
    regions: [], drafts: [], return_reason: null, return_reasons: [], read_only: false, claim: null, drafts_hidden: false, waits_for_second: false, threads: [],
    captions: [caption("global", null, { draft: DRAFT, text: DRAFT.text, ...global }), caption("detailed", null)],
    ...change,
  };
}

const saved: Saved = { version: 2, base_revision: null, at: "2026-11-23T10:00:00Z", conflict: null, state: "in_progress" };

function show(view: DiagramView, answers: Partial<Backend> = {}) {
  const entries: JournalEntry[] = [];
  const journal = async (entry: JournalEntry): Promise<Saved> => (entries.push(entry), { ...saved, version: entry.version + 1 });
  provideBackend(fakeBackend(1, { journal, ...answers }));
  const props = { view, level: "global" as Level, regionId: null, onlevel: vi.fn(), onstatus: vi.fn(), onchanged: vi.fn() };
  return { ...render(CaptionPane, { props }), props, entries };
}

function editor(): EditorView {
  const found = EditorView.findFromDOM(screen.getByTestId("caption-editor"));
  if (found === null) throw new Error("there is no editor");
  return found;
}

function type(text: string): void {
  const end = editor().state.doc.length;
  editor().dispatch({ changes: { from: end, insert: text }, selection: { anchor: end + text.length }, userEvent: "input.type" });
}

const shown = (): string => editor().state.doc.toString();
const pass = async (ms: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe("typing", () => {
  it("is stored within a second, with its undo history, and told", async () => {
    const { entries, props } = show(viewOf());
    type(" 中文");
    await pass(1000);
    expect(entries.map(({ text, slot }) => [slot.level, text])).toEqual([["global", "The router sends. 中文"]]);
    expect(entries[0]?.editor_state).toContain("history");
    expect(props.onstatus.mock.lastCall?.[0]).toMatchObject({ savedAt: saved.at, pending: false, kept: 0.5, error: null });
    expect(props.onchanged).toHaveBeenLastCalledWith("in_progress");
  });

  it("that cannot be stored is told and kept", async () => {
    const error = { code: "other", message: "disk full", help: null, named: null };
    const { props } = show(viewOf(), { journal: () => Promise.reject(error) });
    type("!");
    await pass(1000);
    expect(props.onstatus.mock.lastCall?.[0]).toMatchObject({ pending: true, error });
    expect(shown()).toBe("The router sends.!");
  });

  it("goes to the caption it was typed in when the level changes at once", async () => {
    const { entries, rerender, props } = show(viewOf());
    type(" global");
    await rerender({ ...props, level: "detailed" });
    expect(shown()).toBe("");
    type("detailed");
    await pass(1000);
    expect(entries.map(({ text, slot }) => [slot.level, text])).toEqual([
      ["global", "The router sends. global"],
      ["detailed", "detailed"],
    ]);
    await rerender({ ...props, level: "global" });
    expect(shown()).toBe("The router sends. global");
  });

  it("that is still being composed goes to its own caption too", async () => {
    const { entries, rerender, props } = show(viewOf());
    const composing = vi.spyOn(editor(), "composing", "get").mockReturnValue(true);
    type(" 中");
    await pass(1000);
    expect(entries).toEqual([]);
    await rerender({ ...props, level: "detailed" });
    composing.mockReturnValue(false);
    await pass(1000);
    expect(entries.map(({ text, slot }) => [slot.level, text])).toEqual([["global", "The router sends. 中"]]);
  });

  it("is undone across a change of level", async () => {
    const { rerender, props, component } = show(viewOf());
    type(" more");
    await rerender({ ...props, level: "detailed" });
    await rerender({ ...props, level: "global" });
    await fireEvent.keyDown(screen.getByTestId("caption-editor"), { key: "z", ctrlKey: true, keyCode: 90 });
    expect(component).toBeDefined();
    expect(shown()).toBe("The router sends.");
  });

  it("is not possible in an approved diagram, which says why", () => {
    const view = viewOf({}, { read_only: true });
    show({ ...view, diagram: { ...view.diagram, state: "approved" } });
    expect(screen.getByText("Approved: reopen to edit")).toBeTruthy();
    expect(editor().state.readOnly).toBe(true);
  });
});

describe("what others write", () => {
  it("is shown when nothing was typed", async () => {
    const { rerender, props, entries } = show(viewOf());
    await rerender({ ...props, view: viewOf({ text: "Their text.", base_revision: "r2", version: 2 }) });
    expect(shown()).toBe("Their text.");
    await pass(2000);
    expect(entries).toEqual([]);
  });

  it("never replaces text that is being typed", async () => {
    const { rerender, props, entries } = show(viewOf());
    type(" mine");
    await rerender({ ...props, view: viewOf({ text: "Their text.", base_revision: "r2", version: 9 }) });
    expect(shown()).toBe("The router sends. mine");
    await pass(1000);
    expect(entries.at(-1)).toMatchObject({ text: "The router sends. mine", base_revision: null, version: 1 });
  });

  it("in conflict is shown with a choice, and keeping theirs shows their text", async () => {
    const conflict: Conflict = {
      mine: "r1", theirs: "r2", mine_text: "Mine.", theirs_text: "Theirs.", theirs_by: "Wei", theirs_at: "2026-11-20T08:00:00Z",
    };
    const resolveConflict = vi.fn(async () => ({ head_revision: "r2", base_revision: "r2", version: 5, conflict: null, state: "in_progress" as const }));
    const { entries } = show(viewOf({ text: "Mine.", dirty: true, conflict }), { resolveConflict });
    expect(screen.getByTestId("conflict-banner").textContent).toContain("Wei");
    await pass(400);
    expect(screen.getByTestId("conflict-banner").querySelector("del")?.textContent).toBe("Theirs.");
    await fireEvent.click(screen.getByTestId("keep-theirs"));
    await pass(10);
    expect(resolveConflict).toHaveBeenCalledWith({ diagram_id: "d1", level: "global", region_id: null }, "theirs");
    expect(screen.queryByTestId("conflict-banner")).toBeNull();
    expect(shown()).toBe("Theirs.");
    type(" More.");
    await pass(1000);
    expect(entries.at(-1)).toMatchObject({ text: "Theirs. More.", base_revision: "r2", version: 5 });
  });
});

describe("the draft", () => {
  it("is shown beside the text, then merged by its command", async () => {
    show(viewOf({ text: "The switch sends." }));
    expect(screen.getByTestId("draft-text").textContent).toBe("The router sends.");
    run(otherDraftView);
    await pass(400);
    expect(screen.getByTestId("diff-merged").querySelector("del")?.textContent).toBe("The router sends.");
    expect(screen.getByTestId("diff-merged").querySelector("ins")?.textContent).toBe("The switch sends.");
  });

  it("can be put back as an edit that is stored and undone in one step", async () => {
    const { entries } = show(viewOf({ text: "Something else." }));
    await fireEvent.click(screen.getByText("Restore draft text"));
    expect(shown()).toBe("The router sends.");
    await pass(1000);
    expect(entries.at(-1)?.text).toBe("The router sends.");
    await fireEvent.keyDown(screen.getByTestId("caption-editor"), { key: "z", ctrlKey: true, keyCode: 90 });
    expect(shown()).toBe("Something else.");
  });

  it("that is missing is said quietly", async () => {
    show(viewOf({ draft: null }));
    expect(screen.getByText("No draft was made for this caption")).toBeTruthy();
  });
});

describe("levels", () => {
  it("say how to draw a region where there is none", async () => {
    const { rerender, props } = show(viewOf());
    await rerender({ ...props, level: "partial" });
    expect(screen.getByTestId("level-partial").textContent).not.toContain("0");
    expect(screen.getByTestId("no-regions").textContent).toContain("Alt+R");
  });

  it("leave partial captions out where nobody may draw a region", () => {
    show(viewOf({}, { read_only: true }));
    expect(screen.queryByTestId("level-partial")).toBeNull();
  });

  it("count the regions that are written and list them", async () => {
    const regions = ["a", "b"].map((id) => ({ id, name: `Region ${id}`, x: 0, y: 0, width: 1, height: 1, polygon: [] }));
    const partial = [caption("partial", "a", { text: "Done.", base_revision: "r1", progress: "written" }), caption("partial", "b")];
    const view = viewOf({}, { regions });
    const { rerender, props } = show({ ...view, captions: [...view.captions, ...partial] });
    expect(screen.getByTestId("level-partial").textContent).toContain("1/2");
    await fireEvent.click(screen.getByTestId("level-partial"));
    expect(props.onlevel).toHaveBeenCalledWith("partial", "a");
    await rerender({ ...props, level: "partial", regionId: "b" });
    expect(screen.getByRole("radio", { name: /Region b/ }).getAttribute("aria-checked")).toBe("true");
    await fireEvent.click(screen.getByRole("radio", { name: /Region a/ }));
    expect(props.onlevel).toHaveBeenLastCalledWith("partial", "a");
  });
});

describe("a new draft", () => {
  const newer: Draft = { ...DRAFT, id: "draft-2", text: "The switch sends." };
  const untouched = { version: 0 };

  it("becomes the text of a caption that nobody has written", async () => {
    const { rerender, props } = show(viewOf(untouched));
    await rerender({ ...props, view: viewOf({ ...untouched, draft: newer, text: newer.text }, { drafts: [newer, DRAFT] }) });
    expect(shown()).toBe("The switch sends.");
  });

  it("leaves the text alone that somebody has the cursor in, which is then what is handed in", async () => {
    const { rerender, props, entries } = show(viewOf(untouched));
    vi.spyOn(editor(), "hasFocus", "get").mockReturnValue(true);
    await rerender({ ...props, view: viewOf({ ...untouched, draft: newer, text: newer.text }, { drafts: [newer, DRAFT] }) });
    expect(shown()).toBe("The router sends.");
    expect(screen.getByTestId("draft-text").textContent).toBe("The switch sends.");
    type(" More.");
    await pass(1000);
    expect(entries.at(-1)).toMatchObject({ text: "The router sends. More.", base_revision: null, version: 0 });
  });

  it("streams in without touching the text", async () => {
    const { rerender, props } = show(viewOf(untouched));
    const writing = new Map([["d1/global/", { model: "qwen", text: "The fire", cut: false }]]);
    await rerender({ ...props, writing });
    expect(screen.getByTestId("draft-stream-text").textContent).toBe("The fire");
    expect(shown()).toBe("The router sends.");
    await rerender({ ...props, writing, level: "detailed" });
    expect(screen.queryByTestId("draft-stream")).toBeNull();
  });
});
