/** Which dialog is open: at most one. */

export type Dialog = "palette" | "shortcuts" | "import" | "export" | "return" | "workspace" | "models" | "draft" | "jobs" | "history" | "skip" | "filters" | "reject" | "question_history" | "plan" | "propose";

let current = $state.raw<Dialog | null>(null);

export const dialogs = {
  get current(): Dialog | null {
    return current;
  },
};

export function showDialog(dialog: Dialog): void {
  current = dialog;
}

/** Closes `dialog` if it is the one that is open. */
export function closeDialog(dialog: Dialog): void {
  if (current === dialog) current = null;
}
