/** The only door to the Rust side; nothing outside this folder imports `@tauri-apps/*`. */
export * from "./backend";
export { toApiError } from "./errors";
export { tauriBackend } from "./tauri";
export type * from "./contract";
