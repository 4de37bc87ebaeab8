/** A question while it is written: what reaches the store, what everybody else hears of it, and what happens when two texts meet. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { provideBackend, type Backend, type Question, type QuestionContent, type QuestionEntry, type QuestionSaved } from "../../backend";
import { fakeBackend } from "../../backend/fake";
import { refreshMe } from "../../state/me.svelte";
import { blank } from "./content";
import { Writer } from "./writer.svelte";

const about = (stem: string): QuestionContent => ({ ...blank("single_choice"), stem });
const question = (change: Partial<Question> = {}): Question => ({
  id: "q1", diagram_id: "d1", diagram_number: 1, state: "draft", content: about(""), source: { kind: "expert" }, author: "mei", writer: "mei",
  version: 1, head: null, created_at: "2026-11-25T08:00:00Z", updated_at: "2026-11-25T08:00:00Z", reject_reason: null, ...change,
});

let stored: Question;
let entries: QuestionEntry[];
/** What stands when a text comes too late. */
let theirs: Question | null;

function use(answers: Partial<Backend> = {}): void {
  const save = async (entry: QuestionEntry): Promise<QuestionSaved> => {
    entries.push(entry);
    if (theirs !== null && entry.version !== theirs.version) return { version: theirs.version, at: "2026-11-25T08:00:01Z", theirs };
    stored = { ...stored, content: entry.content, version: entry.version + 1 };
    return { version: stored.version, at: "2026-11-25T08:00:01Z", theirs: null };
  };
  provideBackend(fakeBackend(1, { saveQuestion: save, commitQuestion: async () => stored, checkQuestion: async () => [], ...answers }));
}

beforeEach(() => {
  vi.useFakeTimers();
  stored = question();
  entries = [];
  theirs = null;
  use();
});
afterEach(async () => {
  vi.useRealTimers();
  use({ me: () => Promise.reject(new Error("nobody")) });
  await refreshMe();
});

describe("writing", () => {
  it("is on the question itself once it is stored, and is told when it became a revision", async () => {
    const heard: [string, boolean][] = [];
    const writer = new Writer(stored, (id, changed) => heard.push([id, changed]));
    writer.edit(about("Who selects the SMF?"), "stem");
    await writer.flush();
    expect(writer.question.content.stem).toBe("Who selects the SMF?");
    await writer.leave();
    writer.edit({ ...writer.content }, "stem");
    await writer.leave();
    expect(heard).toEqual([["q1", true], ["q1", false]]);
  });

  it("does nothing for somebody who is no author, nor to a question that is in the set", async () => {
    const ready = new Writer(question({ state: "ready" }));
    ready.edit(about("changed"), "stem");
    expect([ready.writable, ready.content.stem]).toEqual([false, ""]);
    use({ me: async () => ({ id: "p", name: "mei", roles: ["annotator"] }) });
    await refreshMe();
    const writer = new Writer(stored);
    writer.edit(about("changed"), "stem");
    expect([writer.writable, writer.content.stem, writer.canUndo, writer.settled]).toEqual([false, "", false, true]);
  });
});

describe("two texts that meet", () => {
  it("stay as they are until one is chosen; nothing is written over the other", async () => {
    const writer = new Writer(stored);
    theirs = question({ content: about("theirs"), version: 7, writer: "lin" });
    writer.edit(about("mine"), "stem");
    const sent = writer.flush();
    // What is typed while the answer is on its way is kept too, and does not pass for a text written on theirs.
    writer.edit(about("mine, and more"), "stem");
    await sent;
    await writer.flush();
    expect(entries.map(({ version }) => version)).toEqual(entries.map(() => 1));
    expect(entries.at(-1)?.content.stem).toBe("mine, and more");
    expect([writer.theirs?.content.stem, writer.writable]).toEqual(["theirs", false]);
    writer.edit(about("typed past the banner"), "stem");
    writer.undo();
    expect(writer.content.stem).toBe("mine, and more");

    writer.refresh(question({ content: about("theirs, later"), version: 8, writer: "lin" }));
    expect([writer.theirs?.content.stem, writer.content.stem]).toEqual(["theirs, later", "mine, and more"]);
    theirs = null;
    writer.settle("mine");
    await writer.flush();
    expect(entries.at(-1)).toMatchObject({ version: 8, content: { stem: "mine, and more" } });
    expect([writer.theirs, writer.writable, writer.question.content.stem]).toEqual([null, true, "mine, and more"]);
  });

  it("are settled by taking the other one; undo brings mine back", async () => {
    const writer = new Writer(stored);
    theirs = question({ content: about("theirs"), version: 7, writer: "lin" });
    writer.edit(about("mine"), "stem");
    await writer.flush();
    writer.settle("theirs");
    expect(writer.content.stem).toBe("theirs");
    writer.undo();
    expect(writer.content.stem).toBe("mine");
  });
});
