import { afterEach, describe, expect, it, vi } from "vitest";
import { provideBackend } from "../backend";
import { fakeBackend } from "../backend/fake";
import { activateRow, filterQueue, queue, refreshQueue, resetQueue, showRows } from "./queue.svelte";
import { toasts, dismiss } from "./toasts.svelte";

afterEach(() => {
  resetQueue();
  for (const toast of toasts.list) dismiss(toast.id);
});

describe("the queue", () => {
  it("knows its length at once and fetches only the pages that are looked at", async () => {
    const fake = fakeBackend(1000);
    provideBackend(fake);
    await refreshQueue();
    expect(queue.now.total).toBe(1000);
    expect(queue.row(0)?.number).toBe(1);
    expect(queue.row(650)).toBeUndefined();
    showRows(640, 660);
    await vi.waitFor(() => expect(queue.row(650)?.number).toBe(651));
    expect(fake.calls.filter((call) => call === "queuePage")).toHaveLength(2);
    expect(queue.row(300)).toBeUndefined();
  });

  it("asks once for a page, however often it is scrolled past", async () => {
    const fake = fakeBackend(1000);
    provideBackend(fake);
    await refreshQueue();
    for (let i = 0; i < 5; i++) showRows(200, 210);
    await vi.waitFor(() => expect(queue.row(200)).toBeDefined());
    expect(fake.calls.filter((call) => call === "queuePage")).toHaveLength(2);
  });

  it("shows the answer to the last search, even when an earlier one answers later", async () => {
    const fake = fakeBackend(20);
    let answer = (): void => {};
    const slow = new Promise<void>((resolve) => (answer = resolve));
    provideBackend({
      ...fake,
      queuePage: async (filter, offset, limit) => {
        if (filter.search === "diagram 1") await slow;
        return fake.queuePage(filter, offset, limit);
      },
    });
    const first = filterQueue({ search: "diagram 1" });
    await filterQueue({ search: "diagram 20" });
    answer();
    await first;
    expect(queue.now.total).toBe(1);
    expect(queue.row(0)?.number).toBe(20);
  });

  it("keeps its rows and the keyboard's row while it is read again", async () => {
    provideBackend(fakeBackend(10));
    await refreshQueue();
    activateRow(4);
    const again = refreshQueue();
    expect(queue.row(4)?.number).toBe(5);
    await again;
    expect(queue.now.active).toBe(4);
  });

  it("says what failed and keeps the rows it has", async () => {
    const fake = fakeBackend(10);
    provideBackend(fake);
    await refreshQueue();
    const broken = { code: "other", message: "database is gone", help: "Put it back.", named: null };
    provideBackend({ ...fake, queuePage: () => Promise.reject(broken) });
    await refreshQueue();
    expect(queue.now.total).toBe(10);
    expect(toasts.list).toMatchObject([{ title: "failed.queue", problem: { message: "database is gone", help: "Put it back." } }]);
  });
});
