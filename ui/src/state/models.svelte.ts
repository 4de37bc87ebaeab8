/** What the model picker shows: what the workspace lists, what this machine has, and changing either. */
import { type ApiError, backend, type Inventory, type LocalOptions, type Model, type ModelAbout, type NewModel, type Quantize, toApiError } from "../backend";
import { choose, drafting, refreshModels, seesPictures } from "./drafting.svelte";
import { fail } from "./toasts.svelte";
import { offerUndo } from "./undo.svelte";

interface Picker {
  /** Null while it is being gathered for the first time. */
  readonly inventory: Inventory | null;
  readonly problem: ApiError | null;
}

let state = $state.raw<Picker>({ inventory: null, problem: null });
let asked = 0;

export const picker = {
  get now(): Picker {
    return state;
  },
};

/** What the picker is asked to add; nothing while it lists. */
class Adding {
  what: "directory" | "server" | null = $state(null);
}
export const addingModel = new Adding();

/** How a local model is run, every option said. */
export type Way = Required<LocalOptions>;
export const PLAIN_WAY: Way = { device: "auto", quantize: null, compute_type: null, adapter: null, max_side_px: null };

/** Looks again for models. What was found before stays on the screen meanwhile. */
export async function lookForModels(): Promise<void> {
  const mine = ++asked;
  try {
    const [inventory] = await Promise.all([backend().inventory(), refreshModels()]);
    if (mine === asked) state = { inventory, problem: null };
  } catch (thrown) {
    if (mine === asked) state = { ...state, problem: toApiError(thrown) };
  }
}

/** Lists a model; what drafts next, where nothing did yet. Rejects with the reason. */
export async function addModel(model: NewModel): Promise<void> {
  const added = await backend().addModel(model);
  if (drafting.model === null && seesPictures(added)) choose({ modelId: added.id });
  await lookForModels();
}

/** Runs a listed model in another way. */
export async function changeWay(model: Model, change: { device?: string; quantize?: Quantize | null }): Promise<void> {
  const { source, name } = model;
  if (source.kind === "server") return;
  const chosen = drafting.now.choice.modelId === model.id;
  try {
    const next = await backend().replaceModel(model.id, { name, source: { ...source, options: { ...source.options, ...change } } });
    if (chosen) choose({ modelId: next.id });
  } catch (thrown) {
    fail("failed.models", thrown);
  }
  await lookForModels();
}

export async function removeModel(model: Model): Promise<void> {
  const { name, source } = model;
  const chosen = drafting.now.choice.modelId === model.id;
  try {
    await backend().removeModel(model.id);
    offerUndo({
      said: "undo.model", values: { name }, failure: "failed.models",
      undo: async () => {
        const back = await backend().addModel({ name, source });
        if (chosen) choose({ modelId: back.id });
        await lookForModels();
      },
    });
  } catch (thrown) {
    fail("failed.models", thrown);
  }
  await lookForModels();
}

/** A model on disk, ready to be listed. */
export function localModel(about: ModelAbout, name: string, way: Way): NewModel {
  const kind = about.kind === "gguf" ? "gguf" : "qwen25_vl";
  return { name, source: { kind, path: about.path, options: way } };
}
