/** What can be taken back outside of texts and regions: once, as it was, and it stays on offer where that fails. */
import { afterEach, describe, expect, it } from "vitest";
import { provideBackend, type Model, type QueueFilter } from "../backend";
import { fakeBackend } from "../backend/fake";
import { removeModel } from "./models.svelte";
import { NO_FILTER } from "./queue.svelte";
import { dismiss, toasts } from "./toasts.svelte";
import { forgetUndo, offerUndo, undoable, undoLast } from "./undo.svelte";
import { dropFilter, refreshWork } from "./work.svelte";

afterEach(() => {
  forgetUndo();
  for (const toast of toasts.list) dismiss(toast.id);
});

describe("what was done last", () => {
  it("brings a removed model back as it was", async () => {
    const added: unknown[] = [];
    const model: Model = { id: "m1", name: "server", source: { kind: "server", url: "http://x/v1", options: { model: "m" } }, added_at: "2026-11-01T00:00:00Z" };
    provideBackend(fakeBackend(1, { removeModel: async () => {}, addModel: async (again) => (added.push(again), model) }));
    await removeModel(model);
    expect(undoable.last?.values).toEqual({ name: "server" });
    await undoLast();
    expect(added).toEqual([{ name: model.name, source: model.source }]);
    expect(undoable.last).toBeNull();
  });

  it("brings a deleted filter back under its name", async () => {
    const filter: QueueFilter = { ...NO_FILTER, mark: "mine" };
    const kept: unknown[] = [];
    provideBackend(fakeBackend(1, {
      filters: async () => [{ id: "f1", name: "Mine", filter }], removeFilter: async () => {},
      saveFilter: async (name, again) => (kept.push([name, again]), { id: "f2", name, filter: again }),
    }));
    await refreshWork();
    await dropFilter("f1");
    await undoLast();
    expect(kept).toEqual([["Mine", filter]]);
  });

  it("stays on offer where it could not be taken back, and says why", async () => {
    offerUndo({ said: "undo.model", values: { name: "m" }, failure: "failed.models", undo: () => Promise.reject({ code: "other", message: "disk is full", help: null }) });
    await undoLast();
    expect(undoable.last).not.toBeNull();
    expect(toasts.list.map(({ title }) => title)).toEqual(["failed.models"]);
  });
});
