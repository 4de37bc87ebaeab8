/** Closing the window: what cannot be kept is told once, and then the window closes. */
import { afterEach, expect, it, vi } from "vitest";
import { mayClose } from "./navigation";
import { dismiss, toasts } from "./toasts.svelte";

// The viewer draws on a canvas, which jsdom has not.
vi.mock("../lib/picture/source", () => ({ prefetchPicture: () => {} }));
afterEach(() => {
  for (const toast of toasts.list) dismiss(toast.id);
});

it("stays open once when a question cannot be kept, and says so", async () => {
  const failing = (): Promise<void> => Promise.reject({ code: "other", message: "only an author may", help: null });
  expect(await mayClose(() => Promise.resolve())).toBe(true);
  expect(toasts.list).toHaveLength(0);
  expect(await mayClose(failing)).toBe(false);
  expect(toasts.list).toHaveLength(1);
  expect(await mayClose(failing)).toBe(true);
});
