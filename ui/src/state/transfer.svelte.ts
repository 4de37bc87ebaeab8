/** Import and export while they run, and what they reported. */
import { backend, type ExportFormat, type Exported, type ImportProgress, type ImportReport } from "../backend";
import { open } from "./diagram.svelte";
import { t } from "../i18n";
import { me } from "./me.svelte";
import { openFirst, renewOpen } from "./navigation";
import { refreshQueue } from "./queue.svelte";
import { fail } from "./toasts.svelte";
import { offerUndo } from "./undo.svelte";

interface Import {
  /** Paths chosen and not yet imported. */
  readonly chosen: readonly string[];
  readonly running: boolean;
  readonly cancelling: boolean;
  readonly progress: ImportProgress | null;
  readonly report: ImportReport | null;
}

const IDLE: Import = { chosen: [], running: false, cancelling: false, progress: null, report: null };

let importing = $state.raw<Import>(IDLE);

export const transfer = {
  get import(): Import {
    return importing;
  },
};

/** Adds paths to what will be imported, each once. */
export function choosePaths(paths: readonly string[]): void {
  importing = { ...importing, chosen: [...new Set([...importing.chosen, ...paths])] };
}

export function unchoosePath(path: string): void {
  importing = { ...importing, chosen: importing.chosen.filter((other) => other !== path) };
}

/** Clears the last report, to choose again. */
export function newImport(): void {
  if (!importing.running) importing = IDLE;
}

/** Imports what was chosen; one import at a time. */
export async function runImport(): Promise<void> {
  const paths = [...importing.chosen];
  if (importing.running || paths.length === 0) return;
  importing = { ...IDLE, running: true };
  try {
    const report = await backend().startImport(paths, (progress) => {
      if (importing.running) importing = { ...importing, progress };
    });
    importing = { ...IDLE, report };
    if (report.imported > 0 && me.is("annotator")) offerTakingBack(report.diagrams);
  } catch (thrown) {
    importing = { ...IDLE, chosen: paths };
    fail("failed.import", thrown);
  }
  await refreshQueue();
  if (open.id === null) await openFirst();
}

/** What came in is left out of the work again, as long as nobody has begun it. */
function offerTakingBack(ids: string[]): void {
  offerUndo({
    said: "undo.import", values: { count: ids.length }, failure: "failed.bulk",
    undo: async () => {
      await backend().bulk({ kind: "picked", ids }, { kind: "skip", reason: t("undo.import_reason"), only_todo: true });
      await Promise.all([refreshQueue(), renewOpen()]);
    },
  });
}

export async function cancelImport(): Promise<void> {
  importing = { ...importing, cancelling: true };
  try {
    await backend().cancelImport();
  } catch (thrown) {
    importing = { ...importing, cancelling: false };
    fail("failed.import", thrown);
  }
}

/** Writes the approved diagrams to `out`; null, with a toast, if that failed. */
export async function runExport(format: ExportFormat, out: string): Promise<Exported | null> {
  try {
    return await backend().exportWorkspace(format, out);
  } catch (thrown) {
    fail("failed.export", thrown);
    return null;
  }
}

/** Lets the person choose with the system's dialog; empty if that was cancelled or there is no dialog. */
export async function askForPaths(kind: "files" | "folder"): Promise<string[]> {
  try {
    if (kind === "files") return await backend().pickFiles();
    const folder = await backend().pickFolder();
    return folder === null ? [] : [folder];
  } catch (thrown) {
    fail("failed.dialog", thrown);
    return [];
  }
}
