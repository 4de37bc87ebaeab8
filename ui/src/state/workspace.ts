/** Opening and creating workspaces. */
import { backend, toApiError, type WorkspaceInfo } from "../backend";
import { closeDiagram } from "./diagram.svelte";
import { startDrafting } from "./drafting.svelte";
import { refreshGlossary } from "./glossary.svelte";
import { refreshMe } from "./me.svelte";
import { leaveDiagram, openFirst } from "./navigation";
import { resetQuestions } from "./questions.svelte";
import { review } from "./review.svelte";
import { refreshQueue, resetQueue } from "./queue.svelte";
import { clearSelection } from "./selection.svelte";
import { forgetUndo } from "./undo.svelte";
import { refreshWork } from "./work.svelte";
import { enterWorkspace, showProblem } from "./session.svelte";
import { wording } from "./wording.svelte";

/** Opens the workspace in the folder `path`; false if it did not open, with the reason in the session's `problem`. */
export function openWorkspace(path: string): Promise<boolean> {
  return enter(() => backend().openWorkspace(path));
}

/** Makes a new workspace in the folder `path` and opens it; false if that failed. */
export function createWorkspace(path: string): Promise<boolean> {
  return enter(() => backend().createWorkspace(path));
}

/** Shows the workspace that is already open on the Rust side. */
export async function showWorkspace(): Promise<void> {
  resetQueue();
  resetQuestions();
  review.reset();
  closeDiagram();
  clearSelection();
  forgetUndo();
  void startDrafting();
  void refreshMe();
  void refreshGlossary();
  void refreshWork();
  await refreshQueue();
  await openFirst();
}

async function enter(ask: () => Promise<WorkspaceInfo>): Promise<boolean> {
  if (!(await leaveDiagram()) || !(await wording.flush())) return false;
  try {
    enterWorkspace(await ask());
  } catch (thrown) {
    showProblem(toApiError(thrown));
    return false;
  }
  await showWorkspace();
  return true;
}
