/** An examinee meets the question as it was just written, with keys alone. */
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, it, vi } from "vitest";
import { provideBackend, type Question, type QuestionContent, type QuestionTrial } from "../../backend";
import { fakeBackend } from "../../backend/fake";
import { blank } from "./content";
import TryIt from "./TryIt.svelte";

// The viewer draws on a canvas, which jsdom has not.
vi.mock("../picture/source", () => ({ prefetchPicture: () => {} }));
afterEach(cleanup);

const content: QuestionContent = {
  ...blank("single_choice"), stem: "Which one?", choices: [{ text: "AMF", right: false }, { text: "用户面", right: true }], rationale: "It forwards.",
};
/** As the list knew it when it was begun. */
const question: Question = {
  id: "q1", diagram_id: "d1", diagram_number: 1, state: "draft", content: blank("single_choice"), source: { kind: "expert" }, author: "mei", writer: "mei",
  version: 2, head: null, created_at: "2026-11-25T08:00:00Z", updated_at: "2026-11-25T08:00:00Z", reject_reason: null,
};

it("shows what was written and is answered by a letter and Enter", async () => {
  const answerQuestion = vi.fn(async (_: string, answer: string): Promise<QuestionTrial> => ({
    examinee: "mei", is_model: false, blind: false, answer, picked: [], rule: "letters", correct: answer === "B", at: "2026-11-25T08:00:01Z",
  }));
  provideBackend(fakeBackend(1, { answerQuestion, questionTrials: async () => [] }));
  const onclose = vi.fn();
  render(TryIt, { question, content, onanswered: () => {}, onclose });
  const options = screen.getAllByTestId("try-option");
  expect(options.map((option) => option.textContent.slice(1).trim()).sort()).toEqual(["AMF", "用户面"].sort());
  const letter = options.findIndex((option) => option.dataset["index"] === "1") === 0 ? "a" : "b";
  const box = screen.getByTestId("try-it");
  await fireEvent.keyDown(box, { key: letter });
  await fireEvent.keyDown(box, { key: "Enter" });
  await waitFor(() => expect(screen.getByTestId("try-outcome").dataset["correct"]).toBe("true"));
  expect(answerQuestion).toHaveBeenCalledWith("q1", "B");
  expect(document.activeElement).toBe(box);
  await fireEvent.keyDown(box, { key: "Enter" });
  expect(onclose).toHaveBeenCalledOnce();
});
