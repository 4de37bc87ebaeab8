/** Turns whatever was thrown into the one error shape that the interface shows. */
import type { ApiError } from "./backend";

function isApiError(value: unknown): value is ApiError {
  return typeof value === "object" && value !== null && "message" in value && "code" in value;
}

/** Keeps an `ApiError` as it is and wraps anything else with the code "other". */
export function toApiError(thrown: unknown): ApiError {
  if (isApiError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: "other", message, help: null, named: null };
}
