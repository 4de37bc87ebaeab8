/** Drafts beside the text: which one, where it came from, two at once, and the one that is being written. */
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Draft, type DraftOrigin, provideBackend } from "../../backend";
import { fakeBackend } from "../../backend/fake";
import { Comparison } from "./comparison.svelte";
import DraftView from "./DraftView.svelte";
import type { Writing } from "./pane";

const ORIGIN: DraftOrigin = {
  job_id: "j1", model_id: "m1", location: "/models/qwen", revision: "abc123", adapter: "/adapters/a", prompt_version: "global-v2", language: "zh",
  seconds: 12.4, new_tokens: 96, mean_logprob: Math.log(0.62),
  sampling: { temperature: 0, top_p: null, top_k: null, repetition_penalty: 1, max_new_tokens: 10, seed: 0 },
};
const draftOf = (id: string, text: string, change: Partial<Draft> = {}): Draft => ({
  id, level: "global", region_id: null, text, label: `model ${id}`, created_at: "2026-11-01T08:00:00Z", origin: null, ...change,
});

function show(drafts: Draft[], writing: Writing | null = null) {
  provideBackend(fakeBackend());
  const props = {
    drafts, draft: drafts[0] ?? null, writing, mode: "beside" as const, comparison: new Comparison(), onchoose: vi.fn(), onrestore: null, actions: undefined,
  };
  return { ...render(DraftView, { props }), props };
}

afterEach(cleanup);

describe("where a draft came from", () => {
  it("is told when asked for, with the model's certainty in plain words", async () => {
    show([draftOf("a", "One.", { origin: ORIGIN })]);
    expect(screen.queryByTestId("draft-origin")).toBeNull();
    await fireEvent.click(screen.getByTestId("draft-details"));
    const told = screen.getByTestId("draft-origin").textContent;
    for (const part of ["model a", "/models/qwen", "abc123", "/adapters/a", "global-v2", "Chinese", "12 s", "96 tokens", "62 %"]) expect(told).toContain(part);
  });

  it("says so when it was imported, or when a server kept its certainty to itself", async () => {
    const { rerender, props } = show([draftOf("a", "One.")]);
    await fireEvent.click(screen.getByTestId("draft-details"));
    expect(screen.getByTestId("draft-origin").textContent).toContain("Imported with the diagram");
    await rerender({ ...props, draft: draftOf("a", "One.", { origin: { ...ORIGIN, mean_logprob: null } }) });
    expect(screen.getByTestId("draft-origin").textContent).toContain("The server did not say");
  });
});

describe("several drafts", () => {
  it("are compared side by side, their differences marked on both sides", async () => {
    show([draftOf("new", "The switch."), draftOf("old", "The router.")]);
    await fireEvent.click(screen.getByTestId("draft-compare"));
    await waitFor(() => expect(screen.getByTestId("drafts-beside").querySelector("ins")?.textContent).toBe("The switch."));
    expect(screen.getByTestId("drafts-beside").querySelector("del")?.textContent).toBe("The router.");
    await fireEvent.click(screen.getByTestId("draft-compare"));
    expect(screen.queryByTestId("drafts-beside")).toBeNull();
  });

  it("offer no comparison when there is only one", () => {
    show([draftOf("a", "One.")]);
    expect(screen.queryByTestId("draft-compare")).toBeNull();
  });
});

describe("a draft that is being written", () => {
  it("stands above the finished one, marked as in progress", () => {
    show([draftOf("a", "One.")], { model: "qwen", text: "图中", cut: true, mono: false });
    expect(screen.getByTestId("draft-stream").textContent).toContain("qwen is writing…");
    expect(screen.getByTestId("draft-stream-text").textContent).toBe("… 图中");
    expect(screen.getByTestId("draft-text").textContent).toBe("One.");
  });
});
