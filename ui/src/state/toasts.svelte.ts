/** What failed and has not been dismissed yet. Success is never announced here: the status bar tells it. */
import { toApiError } from "../backend";
import type { ApiError } from "../backend";
import type { Key } from "../i18n";

/** One failure; the same failure again raises `times` instead of adding another. */
export interface Toast {
  readonly id: number;
  readonly title: Key;
  readonly problem: ApiError;
  readonly times: number;
}

let list = $state.raw<readonly Toast[]>([]);
let lastId = 0;

export const toasts = {
  get list(): readonly Toast[] {
    return list;
  },
};

/** Shows a failure until it is dismissed. */
export function fail(title: Key, thrown: unknown): void {
  const problem = toApiError(thrown);
  const same = list.find((toast) => toast.title === title && toast.problem.message === problem.message);
  list =
    same === undefined
      ? [...list, { id: ++lastId, title, problem, times: 1 }]
      : list.map((toast) => (toast === same ? { ...toast, times: toast.times + 1 } : toast));
}

export function dismiss(id: number): void {
  list = list.filter((toast) => toast.id !== id);
}
