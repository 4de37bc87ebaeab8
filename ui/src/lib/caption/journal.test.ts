/** No key that was typed may be lost, late, or land in another caption. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Caption, Committed, JournalEntry, Saved, Slot } from "../../backend";
import { Journal, REST_MS, type JournalStatus } from "./journal";

interface Call {
  entry: JournalEntry;
  answer: (change?: Partial<Saved>) => Promise<void>;
  fail: () => Promise<void>;
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

/** A backend that answers when the test says so. */
function slowBackend() {
  const calls: Call[] = [];
  const commits: { slot: Slot; answer: (change?: Partial<Committed>) => Promise<void>; fail: () => Promise<void> }[] = [];
  const backend = {
    journal: (entry: JournalEntry) =>
      new Promise<Saved>((resolve, reject) => {
        calls.push({
          entry,
          answer: async (change) => {
            resolve({ version: entry.version + 1, base_revision: entry.base_revision, at: "2026-11-23T10:00:00Z", conflict: null, state: "in_progress", ...change });
            await settled();
          },
          fail: async () => {
            reject(new Error("disk full"));
            await settled();
          },
        });
      }),
    commitCaption: (slot: Slot) =>
      new Promise<Committed>((resolve, reject) => {
        commits.push({
          slot,
          answer: async (change) => {
            resolve({ head_revision: "revision-1", base_revision: "revision-1", version: 50, conflict: null, state: "in_progress", ...change });
            await settled();
          },
          fail: async () => {
            reject(new Error("disk full"));
            await settled();
          },
        });
      }),
  };
  return { backend, calls, commits };
}

function caption(change: Partial<Caption> = {}): Caption {
  return {
    slot: { diagram_id: "d1", level: "global", region_id: null },
    region_name: null, draft: null, text: "", editor_state: null, base_revision: "base", version: 3,
    written_by: null, saved_at: null, dirty: false, conflict: null, links: [], reasons: [], progress: "empty", ...change,
  };
}

function start(change: Partial<Caption> = {}) {
  const { backend, calls, commits } = slowBackend();
  const told: JournalStatus[] = [];
  const journal = new Journal(caption(change), backend, (status) => told.push(status));
  const type = (text: string): void => journal.edit(() => ({ text, editor_state: null, links: [] }));
  const texts = (): string[] => calls.map(({ entry }) => entry.text);
  const call = (index: number): Call => {
    const found = calls[index];
    if (found === undefined) throw new Error(`request ${index} was not made`);
    return found;
  };
  return { journal, calls, commits, told, type, texts, call };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("when edits are sent", () => {
  it("sends 250 ms after the last key", async () => {
    const { type, texts } = start();
    type("a");
    await vi.advanceTimersByTimeAsync(200);
    type("ab");
    await vi.advanceTimersByTimeAsync(249);
    expect(texts()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(texts()).toEqual(["ab"]);
  });

  it("sends at most 700 ms after the first key while typing goes on", async () => {
    const { type, texts } = start();
    for (let key = 1; key <= 7; key++) {
      type("x".repeat(key));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(texts()).toEqual(["xxxxxxx"]);
  });

  it("has one request in flight, then sends the newest text with the version and base of the reply", async () => {
    const { type, calls, texts, call } = start();
    type("a");
    await vi.advanceTimersByTimeAsync(250);
    type("ab");
    type("abc");
    await vi.advanceTimersByTimeAsync(5000);
    expect(texts()).toEqual(["a"]);
    await call(0).answer({ version: 4, base_revision: "newer" });
    await settled();
    expect(texts()).toEqual(["a", "abc"]);
    expect(calls.map(({ entry }) => [entry.version, entry.base_revision])).toEqual([[3, "base"], [4, "newer"]]);
  });

  it("takes the text of the moment of the edit", async () => {
    const { journal, texts } = start();
    let text = "mine";
    const now = text;
    journal.edit(() => ({ text: now, editor_state: null, links: [] }));
    text = "another caption's";
    await vi.advanceTimersByTimeAsync(250);
    expect(texts()).toEqual(["mine"]);
    expect(text).not.toBe(now);
  });

  it("keeps two captions apart while a request is in flight", async () => {
    const { backend, calls } = slowBackend();
    const first = new Journal(caption(), backend, () => {});
    const second = new Journal(caption({ slot: { diagram_id: "d1", level: "detailed", region_id: null } }), backend, () => {});
    first.edit(() => ({ text: "global text", editor_state: null, links: [] }));
    await vi.advanceTimersByTimeAsync(250);
    second.edit(() => ({ text: "detailed text", editor_state: null, links: [] }));
    first.edit(() => ({ text: "global text, more", editor_state: null, links: [] }));
    await vi.advanceTimersByTimeAsync(250);
    await calls[0]?.answer();
    await settled();
    expect(calls.map(({ entry }) => [entry.slot.level, entry.text])).toEqual([
      ["global", "global text"],
      ["detailed", "detailed text"],
      ["global", "global text, more"],
    ]);
  });
});

describe("when a request fails", () => {
  it("keeps the text, says so, and tries again with longer pauses until it is stored", async () => {
    const { journal, type, texts, call } = start();
    type("precious");
    await vi.advanceTimersByTimeAsync(250);
    await call(0).fail();
    expect(journal.status.error).toBeInstanceOf(Error);
    expect(journal.status.pending).toBe(true);
    await vi.advanceTimersByTimeAsync(500);
    await call(1).fail();
    await vi.advanceTimersByTimeAsync(999);
    expect(texts()).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    await call(2).answer();
    expect(texts()).toEqual(["precious", "precious", "precious"]);
    expect(journal.status).toMatchObject({ error: null, pending: false, saved_at: "2026-11-23T10:00:00Z" });
  });

  it("sends what was typed meanwhile instead of the old text", async () => {
    const { type, texts, call } = start();
    type("old");
    await vi.advanceTimersByTimeAsync(250);
    type("new");
    await call(0).fail();
    await vi.advanceTimersByTimeAsync(500);
    expect(texts()).toEqual(["old", "new"]);
  });

  it("never waits longer than ten seconds", async () => {
    const { type, calls } = start();
    type("x");
    await vi.advanceTimersByTimeAsync(250);
    for (let attempt = 0; attempt < 12; attempt++) {
      await calls.at(-1)?.fail();
      const before = calls.length;
      await vi.advanceTimersByTimeAsync(10_000);
      expect(calls.length).toBe(before + 1);
    }
  });

  it("goes on saving edits after a revision could not be made", async () => {
    const { type, texts, call, commits, journal } = start();
    type("a");
    const left = journal.leave().catch((error: unknown) => error);
    await settled();
    await call(0).answer();
    await commits[0]?.fail();
    expect(await left).toBeInstanceOf(Error);
    type("ab");
    await vi.advanceTimersByTimeAsync(250);
    expect(texts()).toEqual(["a", "ab"]);
  });
});

describe("flush", () => {
  it("sends at once and resolves when everything is stored", async () => {
    const { journal, type, texts, call } = start();
    type("a");
    let done = false;
    const flushed = journal.flush().then(() => (done = true));
    await settled();
    expect(texts()).toEqual(["a"]);
    type("ab");
    await call(0).answer();
    await settled();
    expect(texts()).toEqual(["a", "ab"]);
    expect(done).toBe(false);
    await call(1).answer();
    await flushed;
    expect(done).toBe(true);
  });

  it("rejects when the attempt fails, and the text is still tried again", async () => {
    const { journal, type, texts, call } = start();
    type("a");
    const flushed = journal.flush().catch((error: unknown) => error);
    await settled();
    await call(0).fail();
    expect(await flushed).toBeInstanceOf(Error);
    await vi.advanceTimersByTimeAsync(500);
    expect(texts()).toEqual(["a", "a"]);
  });

  it("does nothing when nothing was typed", async () => {
    const { journal, calls } = start();
    await journal.flush();
    expect(calls).toEqual([]);
  });
});

describe("revisions", () => {
  it("are made after a minute's rest, and the next edit builds on them", async () => {
    const { type, call, commits, calls } = start();
    type("a");
    await vi.advanceTimersByTimeAsync(250);
    await call(0).answer();
    await vi.advanceTimersByTimeAsync(REST_MS - 300);
    expect(commits).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(300);
    expect(commits.map(({ slot }) => slot.diagram_id)).toEqual(["d1"]);
    await commits[0]?.answer();
    type("ab");
    await vi.advanceTimersByTimeAsync(250);
    expect(calls.at(-1)?.entry).toMatchObject({ text: "ab", base_revision: "revision-1", version: 50 });
  });

  it("are not made while typing goes on", async () => {
    const { type, calls, commits } = start();
    for (let key = 0; key < 100; key++) {
      type(`${key}`);
      await vi.advanceTimersByTimeAsync(1000);
      await calls.at(-1)?.answer();
    }
    expect(commits).toHaveLength(0);
  });

  it("are made on leaving, after the text is stored", async () => {
    const { journal, type, calls, commits, call } = start();
    type("a");
    const left = journal.leave();
    await settled();
    expect(calls).toHaveLength(1);
    expect(commits).toHaveLength(0);
    await call(0).answer();
    await settled();
    expect(commits).toHaveLength(1);
    await commits[0]?.answer();
    await left;
    expect(journal.status.dirty).toBe(false);
    await vi.advanceTimersByTimeAsync(REST_MS * 2);
    expect(commits).toHaveLength(1);
  });

  it("are not made on leaving a caption that was not changed", async () => {
    const { journal, calls, commits } = start();
    await journal.leave();
    expect([calls, commits]).toEqual([[], []]);
  });

  it("wait for the save in flight, and the save for them", async () => {
    const { journal, type, calls, commits, call } = start({ dirty: true });
    void journal.leave();
    await settled();
    type("typed while the revision is made");
    await vi.advanceTimersByTimeAsync(2000);
    expect([calls.length, commits.length]).toEqual([0, 1]);
    await commits[0]?.answer();
    await settled();
    expect(call(0).entry).toMatchObject({ base_revision: "revision-1", version: 50 });
  });
});

describe("a newer reading of the caption", () => {
  it("is taken when nothing is unsaved", () => {
    const { journal } = start();
    expect(journal.refresh(caption({ version: 3, base_revision: "theirs" }))).toBe(true);
  });

  it("is refused while text is being typed, saved, or when it is older than a reply", async () => {
    const { journal, type, call } = start();
    type("a");
    expect(journal.refresh(caption({ version: 9 }))).toBe(false);
    await vi.advanceTimersByTimeAsync(250);
    expect(journal.refresh(caption({ version: 9 }))).toBe(false);
    await call(0).answer({ version: 10 });
    expect(journal.refresh(caption({ version: 9 }))).toBe(false);
    expect(journal.refresh(caption({ version: 10 }))).toBe(true);
  });

  it("outdates what a reply said of the diagram's state", async () => {
    const { journal, type, call } = start();
    type("a");
    await vi.advanceTimersByTimeAsync(250);
    await call(0).answer({ version: 1, state: "in_progress" });
    expect(journal.status.state).toBe("in_progress");
    journal.refresh(caption({ version: 1 }));
    expect(journal.status.state).toBe(null);
  });
});
