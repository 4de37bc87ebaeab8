/** The window as its user meets it, on a small fake workspace: going on, submitting, saving, looks, import, failures. */
import { EditorView } from "@codemirror/view";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import App from "./App.svelte";
import { provideBackend, type ApiError, type Backend, type DiagramView, type Draft, type Settings, type SubmitNote } from "./backend";
import { fakeBackend, type Fake } from "./backend/fake";
import { setLanguage } from "./i18n";
import { closeDialog, dialogs } from "./state/dialogs.svelte";
import { closeDiagram } from "./state/diagram.svelte";
import { resetQueue } from "./state/queue.svelte";
import { dismiss, toasts } from "./state/toasts.svelte";
import { newImport } from "./state/transfer.svelte";

// The viewer draws on a canvas, which jsdom has not; its own tests and the end-to-end tests cover it.
vi.mock("./lib/picture/Picture.svelte", () => ({ default: () => ({}) }));
vi.mock("./lib/picture/source", () => ({ prefetchPicture }));
const prefetchPicture = vi.hoisted(() => vi.fn());

afterEach(() => {
  cleanup();
  for (const toast of toasts.list) dismiss(toast.id);
  if (dialogs.current !== null) closeDialog(dialogs.current);
  newImport();
  closeDiagram();
  resetQueue();
  localStorage.clear();
  setLanguage("en");
});

async function start(count: number, answers: Partial<Backend> = {}): Promise<Fake> {
  const fake = fakeBackend(count, answers);
  provideBackend(fake);
  render(App);
  await screen.findByTestId("window");
  if (count > 0) await openIs("diagram 1.png");
  return fake;
}

const openIs = (name: string): Promise<void> => waitFor(() => expect(screen.getByTestId("diagram-name").textContent).toBe(name));
const text = (testid: string): string => screen.getByTestId(testid).textContent?.trim() ?? "";

async function press(keys: Partial<KeyboardEventInit> & { keyCode?: number }): Promise<void> {
  await fireEvent.keyDown(document.activeElement ?? document.body, keys);
}

function type(more: string): void {
  const editor = EditorView.findFromDOM(screen.getByTestId("caption-editor"));
  editor?.dispatch({ changes: { from: editor.state.doc.length, insert: more }, userEvent: "input.type" });
}

const broken = { code: "other", message: "disk is full", help: "Free some space.", named: null };

describe("submit and next", () => {
  it("keeps the typed text, submits it, and shows the next diagram", async () => {
    const fake = await start(3);
    type(" More.");
    await press({ key: "Enter", ctrlKey: true });
    await openIs("diagram 2.png");
    expect(fake.diagrams.map(({ state }) => state)).toEqual(["submitted", "todo", "todo"]);
    expect(fake.calls.indexOf("journal")).toBeLessThan(fake.calls.indexOf("submit"));
    expect(fake.calls.indexOf("journal")).toBeGreaterThan(0);
    await waitFor(() => expect(text("state-submitted")).toBe("Submitted 1"));
  });

  it("leaves Enter to an input method, even with Ctrl held", async () => {
    const fake = await start(2);
    await press({ key: "Enter", ctrlKey: true, isComposing: true });
    await press({ key: "Enter", ctrlKey: true, keyCode: 229 });
    expect(fake.calls).not.toContain("submit");
    expect(text("diagram-name")).toBe("diagram 1.png");
  });

  it("takes the next free diagram, not one that somebody finished", async () => {
    const fake = await start(3);
    fake.diagrams[1]!.state = "approved";
    fake.changed();
    type(" More.");
    await press({ key: "Enter", ctrlKey: true });
    await openIs("diagram 3.png");
    expect(fake.calls).toContain("claimNext");
  });

  it("shows beforehand what is handed in, and accepts only the draft that is on the screen", async () => {
    const notes: SubmitNote[] = [];
    const draft = (level: "global" | "detailed"): Draft => ({ id: `draft ${level}`, level, region_id: null, text: `The ${level} draft`, label: "m", created_at: "2026-11-01T00:00:00Z", origin: null });
    const drafts = [draft("global"), draft("detailed")];
    const plain = fakeBackend(1);
    const accepted: string[] = [];
    const openDiagram = async (id: string): Promise<DiagramView> => {
      const view = await plain.openDiagram(id);
      const captions = view.captions.map((caption) => {
        const own = drafts.find(({ level }) => level === caption.slot.level);
        if (own === undefined) return { ...caption, text: "" };
        const progress = accepted.includes(own.id) ? ("accepted" as const) : ("draft" as const);
        return { ...caption, draft: own, text: own.text, progress, base_revision: progress === "accepted" ? "r1" : null };
      });
      return { ...view, drafts, captions };
    };
    const done = { head_revision: "r1", base_revision: "r1", version: 1, conflict: null, state: "in_progress" as const };
    await start(1, {
      openDiagram,
      acceptDraft: async (_, id) => (accepted.push(id), done),
      submit: async (_, note) => (notes.push(note), { ...done, state: "submitted" }),
    });
    await waitFor(() => expect(text("hands-in-not")).toContain("Detailed"));
    expect(text("hands-in")).toContain("Hands in: Global");
    await press({ key: "3", altKey: true });
    await waitFor(() => expect(text("hands-in")).toContain("Hands in: Detailed"));
    await press({ key: "Enter", ctrlKey: true, shiftKey: true });
    await waitFor(() => expect(accepted).toEqual(["draft detailed"]));
    await press({ key: "1", altKey: true });
    await waitFor(() => expect(text("hands-in")).toBe("Hands in: Global, Detailed"));
    await press({ key: "Enter", ctrlKey: true });
    await waitFor(() => expect(notes.map(({ draft_id }) => draft_id)).toEqual(["draft global"]));
  });

  it("says that the queue is done after the last diagram", async () => {
    await start(1);
    await fireEvent.click(screen.getByTestId("submit"));
    expect(await screen.findByText("You have reached the end of this queue")).toBeTruthy();
  });

  it("stays with the text and says why when the text cannot be stored", async () => {
    const fake = await start(2, { journal: () => Promise.reject(broken) });
    type(" More.");
    await press({ key: "Enter", ctrlKey: true });
    const toast = await screen.findByTestId("toast");
    expect(toast.textContent).toContain("disk is full");
    expect(toast.textContent).toContain("Free some space.");
    expect(fake.calls).not.toContain("submit");
    expect(text("diagram-name")).toBe("diagram 1.png");
    await fireEvent.click(within(toast).getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByTestId("toast")).toBeNull();
  });
});

describe("going through the queue", () => {
  it("stores what was typed before it leaves a diagram", async () => {
    const fake = await start(3);
    type(" More.");
    await press({ key: "ArrowDown", altKey: true });
    await openIs("diagram 2.png");
    expect(fake.calls).toContain("commitCaption");
    await press({ key: "ArrowUp", altKey: true });
    await openIs("diagram 1.png");
    expect(screen.getByTestId("caption-editor").textContent).toContain("More.");
  });

  it("does not leave a diagram whose text cannot be stored", async () => {
    await start(2, { journal: () => Promise.reject(broken) });
    type(" More.");
    await press({ key: "ArrowDown", altKey: true });
    expect((await screen.findByTestId("toast")).textContent).toContain("this diagram stays open");
    expect(text("diagram-name")).toBe("diagram 1.png");
  });

  it("fetches the next diagram ahead, so that going on asks for nothing", async () => {
    const fake = await start(3);
    await waitFor(() => expect(prefetchPicture).toHaveBeenCalledWith(fake.diagrams[1]?.image, fake.diagrams[1]?.view));
    const never = (): Promise<never> => new Promise(() => {});
    provideBackend({ ...fake, neighbour: never, openDiagram: never });
    await press({ key: "ArrowDown", altKey: true });
    await openIs("diagram 2.png");
  });

  it("opens the diagram that was open last time", async () => {
    localStorage.setItem("callout.last./demo.callout", '"d3"');
    provideBackend(fakeBackend(3));
    render(App);
    await openIs("diagram 3.png");
  });

  it("filters by state and says what to do when nothing is listed", async () => {
    await start(3);
    await fireEvent.click(screen.getByTestId("state-approved"));
    expect((await screen.findByTestId("queue-empty")).textContent).toContain("No diagrams are “Approved”");
    await fireEvent.click(screen.getByRole("button", { name: "Show all diagrams" }));
    await waitFor(() => expect(text("queue-count")).toBe("3 diagrams"));
  });

  it("searches as one types", async () => {
    await start(12);
    await fireEvent.input(screen.getByTestId("search"), { target: { value: "diagram 12" } });
    await waitFor(() => expect(text("queue-count")).toBe("1 diagram"));
  });
});

describe("review", () => {
  it("approves a submitted diagram, and only that", async () => {
    const fake = await start(1);
    await press({ key: "A", ctrlKey: true, shiftKey: true });
    expect(fake.calls).not.toContain("approve");
    fake.diagrams[0]!.state = "submitted";
    fake.changed();
    await fireEvent.click(await screen.findByTestId("approve"));
    await waitFor(() => expect(text("diagram-state")).toBe("Approved"));
  });

  it("returns a diagram with a reason, and asks for one", async () => {
    const returned: string[] = [];
    const fake = await start(1, { returnToAuthor: async (_, reason) => (returned.push(reason), "returned") });
    fake.diagrams[0]!.state = "submitted";
    fake.changed();
    await fireEvent.click(await screen.findByTestId("return"));
    expect((await screen.findByTestId<HTMLButtonElement>("return-confirm")).disabled).toBe(true);
    await fireEvent.input(screen.getByTestId("return-reason-input"), { target: { value: "N9 is missing" } });
    await fireEvent.click(screen.getByTestId("return-confirm"));
    await waitFor(() => expect(returned).toEqual(["N9 is missing"]));
    await waitFor(() => expect(screen.queryByTestId("return-dialog")).toBeNull());
  });
});

describe("changes by others", () => {
  it("show in the queue and the state, and leave typed text alone", async () => {
    const fake = await start(2);
    type(" More.");
    fake.diagrams[1]!.state = "approved";
    fake.diagrams[0]!.state = "returned";
    fake.changed();
    await waitFor(() => expect(text("state-approved")).toBe("Approved 1"));
    await waitFor(() => expect(text("diagram-state")).toBe("Returned"));
    expect(screen.getByTestId("caption-editor").textContent).toContain("More.");
  });
});

describe("looks", () => {
  it("switches language and theme at once and keeps them", async () => {
    const saved: unknown[] = [];
    await start(1, { saveSettings: async (settings) => void saved.push(settings) });
    await fireEvent.click(screen.getByTestId("language-switch"));
    expect(document.documentElement.lang).toBe("zh-CN");
    expect(text("submit")).toContain("提交并继续");
    await press({ key: "L", ctrlKey: true, shiftKey: true });
    expect(document.documentElement.dataset["theme"]).toBe("dark");
    expect(saved.at(-1)).toMatchObject({ language: "zh-CN", theme: "dark" });
  });

  it("runs a command from the palette", async () => {
    await start(1);
    await press({ key: "k", ctrlKey: true });
    await fireEvent.input(await screen.findByTestId("palette-input"), { target: { value: "shortcuts" } });
    await waitFor(() => expect(screen.getAllByTestId("palette-command")).toHaveLength(1));
    await fireEvent.keyDown(screen.getByTestId("palette-input"), { key: "Enter" });
    expect(await screen.findByTestId("shortcuts")).toBeTruthy();
  });

  it("finds diagrams in the palette", async () => {
    await start(5);
    await press({ key: "k", ctrlKey: true });
    await fireEvent.input(await screen.findByTestId("palette-input"), { target: { value: "diagram 4" } });
    await fireEvent.click(await screen.findByTestId("palette-diagram"));
    await openIs("diagram 4.png");
  });
});

describe("import", () => {
  it("takes dropped files, and reports each refused one by its name", async () => {
    const rejected = [{ path: 'a\n"b".png', reason: "picture is truncated", named: null }];
    const report = { imported: 2, diagrams: ["a", "b"], already: 1, skipped: 0, rejected, cancelled: false, seconds: 0.4 };
    const asked: string[][] = [];
    const taken: unknown[] = [];
    const bulk = async (scope: unknown, action: unknown) => (taken.push([scope, action]), { id: "b1", changed: 2, unchanged: 0 });
    const fake = await start(0, { startImport: async (paths) => (asked.push(paths), report), bulk });
    await screen.findByTestId("queue-empty");
    fake.drop(["/pics/图.png"]);
    await fireEvent.click(await screen.findByTestId("import-start"));
    const shown = await screen.findByTestId("import-report");
    expect(asked).toEqual([["/pics/图.png"]]);
    expect(shown.textContent).toContain("2 diagrams imported");
    expect(text("import-refused")).toContain('a↵"b".png');
    expect(text("import-refused")).toContain("picture is truncated");
    await fireEvent.click(screen.getByTestId("import-close"));
    expect(text("undo-row")).toContain("2 diagrams came in");
    await fireEvent.click(screen.getByTestId("undo-last"));
    expect(taken).toEqual([[{ kind: "picked", ids: ["a", "b"] }, { kind: "skip", reason: "Import taken back", only_todo: true }]]);
  });
});

describe("the start screen", () => {
  it("says why a workspace did not open and what to do", async () => {
    const problem: ApiError = { code: "newer_database", message: "written by a newer version", help: "Update the app.", named: null };
    const settings: Settings = { language: "en", theme: "light", recent: ["/old.callout"], people: {} };
    provideBackend(fakeBackend(1, { startup: async () => ({ workspace: null, settings, problem, version: "1" }) }));
    render(App);
    const shown = await screen.findByTestId("workspace-problem");
    expect(shown.textContent).toContain("written by a newer version");
    expect(shown.textContent).toContain("Update the app.");
    await fireEvent.click(screen.getByTestId("workspace-recent"));
    await openIs("diagram 1.png");
  });
});
