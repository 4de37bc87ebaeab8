/** Who gets a key: the field that is written in, the list or button that has the keyboard, or a command of the window. */
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import App from "./App.svelte";
import { provideBackend, type Backend, type DiagramView, type ReviewView, type Thread } from "./backend";
import { fakeBackend, type Fake } from "./backend/fake";
import Regions from "./lib/picture/Regions.svelte";
import { closeDiagram } from "./state/diagram.svelte";
import { closeDialog, dialogs } from "./state/dialogs.svelte";
import { goTo } from "./state/place.svelte";
import { resetQueue } from "./state/queue.svelte";
import { review } from "./state/review.svelte";

vi.mock("./lib/picture/Picture.svelte", () => ({ default: () => ({}) }));
vi.mock("./lib/picture/source", () => ({ prefetchPicture: () => {} }));

afterEach(() => {
  cleanup();
  if (dialogs.current !== null) closeDialog(dialogs.current);
  review.view = null;
  review.about = null;
  review.returning = false;
  closeDiagram();
  resetQueue();
  goTo("annotate");
  localStorage.clear();
});

const thread: Thread = {
  id: "t1", diagram_id: "d1", anchor: { kind: "diagram" }, comments: [{ author: "lead", at: "2026-11-01T00:00:00Z", text: "Why?" }], resolved: null,
};

async function start(count: number, answers: Partial<Backend> = {}): Promise<Fake> {
  const plain = fakeBackend(count);
  const openDiagram = async (id: string): Promise<DiagramView> => ({ ...(await plain.openDiagram(id)), threads: [thread] });
  const reviewOf = async (id: string): Promise<ReviewView> => {
    const { diagram } = await plain.openDiagram(id);
    return { diagram: { ...diagram, state: "submitted" }, regions: [], captions: [], threads: [thread], decisions: [] };
  };
  const fake = fakeBackend(count, { openDiagram, review: reviewOf, answerThread: async () => thread, startThread: async () => thread, decide: async () => "returned", ...answers });
  provideBackend(fake);
  render(App);
  await screen.findByTestId("window");
  return fake;
}

/** Goes to reviewing, with everything handed in. */
async function toReview(fake: Fake): Promise<void> {
  for (const diagram of fake.diagrams) diagram.state = "submitted";
  goTo("review");
  await screen.findByTestId("decision-bar");
  await screen.findByTestId("thread-answer");
}

/** Writes in the field and sends it with Ctrl+Enter; the calls that this made. */
async function send(fake: Fake, testid: string): Promise<string[]> {
  const field = await screen.findByTestId(testid);
  field.focus();
  await fireEvent.input(field, { target: { value: "Because" } });
  const before = fake.calls.length;
  await fireEvent.keyDown(field, { key: "Enter", ctrlKey: true });
  return fake.calls.slice(before).filter((call) => ["submit", "decide", "answerThread", "startThread"].includes(call));
}

describe("Ctrl+Enter", () => {
  it("sends a comment and leaves the diagram alone", async () => {
    expect(await send(await start(3), "thread-answer")).toEqual(["answerThread"]);
  });

  it("sends what a lead writes and accepts nothing", async () => {
    const fake = await start(3);
    await toReview(fake);
    expect(await send(fake, "thread-answer")).toEqual(["answerThread"]);
    review.about = { kind: "diagram" };
    expect(await send(fake, "comment-words")).toEqual(["startThread"]);
    review.about = null;
    review.returning = true;
    const decided: unknown[] = [];
    fake.decide = async (_, decision) => (decided.push(decision), "returned");
    expect(await send(fake, "return-note")).toEqual(["decide"]);
    expect(decided).toMatchObject([{ kind: "return" }]);
  });
});

describe("plain letters", () => {
  it("run commands on radios and buttons, and are written in fields", async () => {
    const fake = await start(3);
    await toReview(fake);
    await fireEvent.keyDown(screen.getByTestId("review-submitted"), { key: "r" });
    await waitFor(() => expect(screen.getByTestId("return-panel")).toBeTruthy());
    review.returning = false;
    await fireEvent.keyDown(await screen.findByTestId("thread-answer"), { key: "r" });
    expect(review.returning).toBe(false);
  });

  it("are left alone while their command cannot run", async () => {
    const fake = await start(3);
    await toReview(fake);
    // Picks the first of two experts; here is none, so "1" is the picture's.
    expect(await fireEvent.keyDown(document.body, { key: "1", code: "Digit1" })).toBe(true);
  });
});

describe("the palette", () => {
  it("has the actions of buttons: filters that were kept, orders, states, adding models", async () => {
    await start(3, { filters: async () => [{ id: "f1", name: "Hard ones", filter: { state: null, search: "", kind: "topology" } }] });
    await fireEvent.keyDown(document.body, { key: "k", ctrlKey: true });
    const found = async (words: string): Promise<string[]> => {
      await fireEvent.input(await screen.findByTestId("palette-input"), { target: { value: words } });
      return waitFor(() => screen.getAllByTestId("palette-command").map((each) => each.textContent?.trim() ?? ""));
    };
    await waitFor(async () => expect(await found("hard ones")).toEqual(["Filter the queue: Hard ones"]));
    expect(await found("least certain")).toEqual(["Order of the queue: Least certain first"]);
    expect(await found("filter by state returned")).toEqual(["Filter by state: Returned"]);
    expect(await found("add a server")).toEqual(["Add a server…"]);
    expect(await found("diagnostics bundle")).toEqual(["Save a diagnostics bundle…"]);
  });
});

describe("the shortcut sheet", () => {
  it("lists the keys of the place, those of its lists and pictures too", async () => {
    const fake = await start(3);
    await fireEvent.keyDown(document.body, { key: "F1" });
    expect((await screen.findByTestId("shortcuts")).textContent).toMatch(/Resize the region.*Ctrl/s);
    closeDialog("shortcuts");
    await toReview(fake);
    await fireEvent.keyDown(document.body, { key: "F1" });
    const sheet = await screen.findByTestId("shortcuts");
    expect(sheet.textContent).toContain("Approve");
    expect(sheet.textContent).not.toContain("Resize the region");
  });
});

describe("an empty queue", () => {
  it("leaves Enter and Space to its buttons", async () => {
    await start(0);
    const button = await screen.findByTestId("import-open");
    button.focus();
    expect(await fireEvent.keyDown(button, { key: "Enter" })).toBe(true);
    expect(await fireEvent.keyDown(button, { key: " " })).toBe(true);
    expect(button.closest("[role=listbox]")).toBeNull();
  });
});

describe("a region", () => {
  const region = { id: "r1", name: "one", x: 10, y: 10, width: 50, height: 50, polygon: [] };

  it("is moved by arrows and resized by arrows with Ctrl, and the diagram stays", async () => {
    await start(3);
    await waitFor(() => expect(screen.getByTestId("diagram-name").textContent).toBe("diagram 1.png"));
    const nudge = vi.fn();
    render(Regions, {
      props: {
        regions: [region], image: { width: 640, height: 400, hash: "h", format: "png", bytes: 1 }, chosen: "r1", onchoose: () => {},
        placement: { x: 0, y: 0, width: 640, height: 400, zoom: 1 }, actions: { draw() {}, reshape() {}, nudge, rename() {}, remove() {}, done() {} },
      },
    });
    const drawn = screen.getByTestId("region");
    const shapeAfter = async (held: KeyboardEventInit): Promise<unknown> => {
      await fireEvent.keyDown(drawn, { key: "ArrowDown", ...held });
      return nudge.mock.lastCall?.[1];
    };
    expect(await shapeAfter({})).toMatchObject({ y: 11, height: 50 });
    expect(await shapeAfter({ shiftKey: true })).toMatchObject({ y: 20, height: 50 });
    expect(await shapeAfter({ ctrlKey: true })).toMatchObject({ y: 10, height: 51 });
    expect(await shapeAfter({ ctrlKey: true, shiftKey: true })).toMatchObject({ y: 10, height: 60 });
    expect(screen.getByTestId("diagram-name").textContent).toBe("diagram 1.png");
  });
});
