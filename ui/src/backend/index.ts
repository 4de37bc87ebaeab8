/** The only door to the Rust side; nothing outside this folder imports `@tauri-apps/*`. */
export * from "./backend";
export { toApiError } from "./errors";
export { tauriBackend } from "./tauri";
export type * from "./bindings";
// What the page works with where the generated type allows less.
export type { ApiError, Job, Settings, Startup } from "./backend";
