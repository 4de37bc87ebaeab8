import { beforeEach, describe, expect, it } from "vitest";
import { provideBackend } from "../backend";
import { fakeBackend } from "../backend/fake";
import { refreshQueue, resetQueue } from "./queue.svelte";
import { anchorAt, clearSelection, pickTo, selection, toggleRow } from "./selection.svelte";

const picked = (): string[] => [...selection.ids];

beforeEach(async () => {
  clearSelection();
  resetQueue();
  provideBackend(fakeBackend(900));
  await refreshQueue();
});

describe("picking in the queue", () => {
  it("adds and drops single rows", () => {
    toggleRow(1);
    toggleRow(4);
    expect(picked()).toEqual(["d2", "d5"]);
    toggleRow(1);
    expect(picked()).toEqual(["d5"]);
  });

  it("takes a stretch in either direction from where it began, rows that were never looked at included", async () => {
    anchorAt(5);
    await pickTo(7);
    expect(picked()).toEqual(["d6", "d7", "d8"]);
    await pickTo(4);
    expect(picked()).toEqual(["d5", "d6"]);
    await pickTo(899);
    expect(picked()).toHaveLength(895);
  });
});
