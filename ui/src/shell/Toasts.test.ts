import { render, screen } from "@testing-library/svelte";
import { flushSync } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import { setLanguage } from "../i18n";
import { dismiss, fail, toasts } from "../state/toasts.svelte";
import Toasts from "./Toasts.svelte";

const CLAIMED = {
  code: "other",
  message: "bob holds this diagram until 2026-11-01T08:00:00Z",
  help: "Take another diagram, or wait until the claim ends.",
  named: { key: "store.claimed", details: ["bob", "2026-11-01T08:00:00Z"] },
};

afterEach(() => {
  for (const toast of toasts.list) dismiss(toast.id);
  setLanguage("en");
});

describe("a toast", () => {
  it("is told in the language shown, and follows it", () => {
    render(Toasts);
    setLanguage("zh-CN");
    fail("failed.claim", CLAIMED);
    flushSync();
    const shown = (): string => screen.getByTestId("toast").textContent ?? "";
    expect(shown()).toContain("bob 占用此图至 2026年11月1日");
    expect(shown()).toContain("请换一张图，或等占用结束。");
    expect(shown()).not.toMatch(/holds|claim/);
    setLanguage("en");
    flushSync();
    expect(shown()).toContain(CLAIMED.message);
    expect(shown()).toContain(CLAIMED.help);
  });
});
