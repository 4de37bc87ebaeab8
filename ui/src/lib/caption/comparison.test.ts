/** The diff follows the typing: asked for after a rest, never from an older question, never twice for the same pair. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Diff, provideBackend } from "../../backend";
import { fakeBackend } from "../../backend/fake";
import { Comparison, DIFF_REST_MS } from "./comparison.svelte";

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const answerTo = (before: string, after: string): Diff => ({ hunks: [{ kind: "replace", before, after }], kept: 0 });

function start() {
  const asked: { after: string; answer: () => void }[] = [];
  const diff = (before: string, after: string): Promise<Diff> =>
    new Promise((resolve) => asked.push({ after, answer: () => resolve(answerTo(before, after)) }));
  provideBackend(fakeBackend(1, { diff }));
  return { comparison: new Comparison(), asked };
}

const shown = (comparison: Comparison): string | undefined => comparison.result?.hunks[0]?.after;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("asks at once for another draft, and after a rest while the text is typed", async () => {
  const { comparison, asked } = start();
  comparison.follow("draft", "text");
  await pass(0);
  expect(asked.map(({ after }) => after)).toEqual(["text"]);
  let stop = comparison.follow("draft", "text 1");
  await pass(DIFF_REST_MS - 1);
  stop();
  stop = comparison.follow("draft", "text 12");
  await pass(DIFF_REST_MS);
  expect(asked.map(({ after }) => after)).toEqual(["text", "text 12"]);
});

it("ignores an answer that comes after a newer question", async () => {
  const { comparison, asked } = start();
  comparison.follow("draft", "old");
  await pass(0);
  comparison.follow("draft", "new");
  await pass(DIFF_REST_MS);
  asked[1]?.answer();
  await pass(0);
  asked[0]?.answer();
  await pass(0);
  expect(shown(comparison)).toBe("new");
});

it("remembers answers, and needs none for texts that are the same", async () => {
  const { comparison, asked } = start();
  comparison.follow("draft", "a");
  await pass(0);
  asked[0]?.answer();
  await pass(0);
  comparison.follow("draft", "draft");
  expect(comparison.result).toEqual({ hunks: [{ kind: "equal", before: "draft", after: "draft" }], kept: 1 });
  comparison.follow("draft", "a");
  expect(shown(comparison)).toBe("a");
  await pass(1000);
  expect(asked).toHaveLength(1);
});

it("shows nothing of one draft beside another", async () => {
  const { comparison, asked } = start();
  comparison.follow("draft", "a");
  await pass(0);
  asked[0]?.answer();
  await pass(0);
  comparison.follow("another draft", "a");
  expect(comparison.result).toBeNull();
  comparison.follow(null, "a");
  expect(comparison.result).toBeNull();
});
