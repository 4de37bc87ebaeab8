/** Drafting as the window holds it: what is queued, what streams in, what went wrong. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Backend, type DraftRequest, type Followed, type Job, type JobItem, type JobState, type Model, provideBackend } from "../backend";
import { fakeBackend } from "../backend/fake";
import { draft, drafting, markRead, refreshJobs, retry, startDrafting } from "./drafting.svelte";
import { FOLLOW_MS, followJobs, streams } from "./streams.svelte";
import { dismiss, toasts } from "./toasts.svelte";

const MODEL: Model = {
  id: "m1", name: "drafter", added_at: "2026-11-01T00:00:00Z",
  source: { kind: "server", url: "http://localhost:1/v1", options: { model: "x" } },
};

function jobOf(number: number, state: JobState, change: Partial<Job> = {}): Job {
  return {
    id: `j${number}`, number, state, priority: 0, total: 4, done: 0, failed: 0, skipped: 0, current: null, request: null, worker: null,
    heartbeat_at: null, error: null, help: null, created_by: "mei", created_at: "2026-11-01T00:00:00Z", started_at: null, finished_at: null,
    parameters: {
      kind: "draft", model: MODEL, levels: ["global"], language: "en",
      sampling: { temperature: 0, top_p: null, top_k: null, repetition_penalty: 1, max_new_tokens: 10, seed: 0 },
    },
    ...change,
  };
}

const item = (id: number, diagram: string): JobItem => ({
  id, job_id: "j1", diagram_id: diagram, level: "global", region_id: null, question_id: null, state: "running", draft_id: null, error: null,
});

async function begin(answers: Partial<Backend>): Promise<void> {
  provideBackend(fakeBackend(3, { models: async () => [MODEL], ...answers }));
  await startDrafting();
}

beforeEach(() => localStorage.clear());
afterEach(() => {
  for (const toast of toasts.list) dismiss(toast.id);
});

describe("queueing", () => {
  it("asks for what was chosen and starts the engine", async () => {
    const asked: DraftRequest[] = [];
    const ensureEngine = vi.fn(async () => true);
    await begin({ queueDrafts: async (request) => (asked.push(request), jobOf(1, "queued")), ensureEngine });
    expect(await draft({ which: "one", id: "d1" }, "always", ["detailed"])).toBe(true);
    expect(asked).toMatchObject([{ model_id: "m1", levels: ["detailed"], redraft: "always", scope: { which: "one", id: "d1" } }]);
    expect(ensureEngine).toHaveBeenCalledTimes(1);
  });

  it("says why nothing was queued, and that an engine is missing", async () => {
    const broken = { code: "other", message: "nothing is left to draft", help: null, named: null };
    await begin({ queueDrafts: () => Promise.reject(broken) });
    expect(await draft({ which: "one", id: "d1" }, "missing")).toBe(false);
    expect(toasts.list).toMatchObject([{ title: "failed.draft", problem: { message: "nothing is left to draft" } }]);
    const absent = { code: "other", message: "no engine to start", help: "Put it there.", named: null };
    await begin({ queueDrafts: async () => jobOf(1, "queued"), ensureEngine: () => Promise.reject(absent) });
    expect(await draft({ which: "one", id: "d1" }, "missing")).toBe(true);
    expect(toasts.list.at(-1)).toMatchObject({ title: "failed.engine", problem: { help: "Put it there." } });
  });

  it("starts an engine for work that was left waiting when a workspace is opened", async () => {
    const ensureEngine = vi.fn(async () => false);
    await begin({ jobs: async () => [jobOf(1, "running")], ensureEngine });
    expect(ensureEngine).toHaveBeenCalledTimes(1);
    await begin({ jobs: async () => [jobOf(1, "done"), jobOf(2, "paused")], ensureEngine });
    expect(ensureEngine).toHaveBeenCalledTimes(1);
  });
});

describe("failures", () => {
  it("stay until they were read, also across a restart", async () => {
    const jobs = [jobOf(3, "running"), jobOf(2, "failed"), jobOf(1, "done", { failed: 1 })];
    await begin({ jobs: async () => jobs });
    expect(drafting.unread.map(({ number }) => number)).toEqual([2, 1]);
    markRead();
    expect(drafting.unread).toEqual([]);
    await begin({ jobs: async () => jobs.map((job) => (job.number === 3 ? jobOf(3, "failed") : job)) });
    expect(drafting.unread.map(({ number }) => number)).toEqual([3]);
  });

  it("are tried again in the same job, or in a new one where some came through", async () => {
    const asked: unknown[] = [];
    const failed = [item(1, "d1"), item(2, "d2"), item(3, "d1")];
    await begin({
      askOfJob: async (id, request) => (asked.push([id, request]), jobOf(1, "queued")),
      jobItems: async () => failed,
      queueDrafts: async ({ scope }) => (asked.push(scope), jobOf(3, "queued")),
    });
    await retry(jobOf(1, "failed"));
    await retry(jobOf(2, "done", { failed: 3 }));
    expect(asked).toEqual([["j1", "resume"], { which: "ids", ids: ["d1", "d2"] }]);
  });
});

describe("a text that is being written", () => {
  const told = (change: Partial<Followed>): Followed => ({ cursor: "c", telemetry: [], partial: [], more: false, ...change });
  const piece = (n: number, text: string, id = 7) => ({ item: id, diagram: "d1", n, text });
  const shown = () => streams.now.texts.get("d1/global/");
  let stop = (): void => {};

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  async function follow(answers: Followed[], running: JobItem[] = [item(7, "d1")]): Promise<void> {
    await begin({
      jobs: async () => [jobOf(1, "running")], jobItems: async () => running,
      followJob: async () => answers.shift() ?? told({}),
    });
    stop = followJobs();
    await vi.advanceTimersByTimeAsync(1);
  }
  const next = (): Promise<unknown> => vi.advanceTimersByTimeAsync(FOLLOW_MS);

  it("grows, and is gone when its draft is there", async () => {
    const at = "2026-11-01T00:00:00Z";
    const drafted = { kind: "drafted", item: 7, diagram: "d1", level: "global", seconds: 1, first_token_s: null, prompt_tokens: null, new_tokens: 2 } as const;
    await follow([told({ partial: [piece(0, "The ")] }), told({ partial: [piece(1, "switch")] }), told({ telemetry: [{ at, event: drafted }], partial: [piece(2, "!")] })]);
    expect(shown()).toMatchObject({ text: "The ", model: "drafter", cut: false });
    await next();
    expect(shown()?.text).toBe("The switch");
    await next();
    expect(shown()).toBeUndefined();
  });

  it("begins anew with another attempt, and says when its beginning is missing", async () => {
    await follow([told({ partial: [piece(5, "end of it")] }), told({ partial: [piece(0, "Again")] })]);
    expect(shown()).toMatchObject({ text: "end of it", cut: true });
    await next();
    expect(shown()).toMatchObject({ text: "Again", cut: false });
  });

  it("is not shown for captions that are finished already", async () => {
    await follow([told({ partial: [piece(0, "old", 3), piece(0, "new")] })]);
    expect([...streams.now.texts.values()].map(({ text }) => text)).toEqual(["new"]);
  });

  it("is gone when its job stops", async () => {
    await follow([told({ partial: [piece(0, "half a")] })]);
    provideBackend(fakeBackend(3, { jobs: async () => [jobOf(1, "cancelled")] }));
    await refreshJobs();
    await next();
    expect(shown()).toBeUndefined();
  });
});
