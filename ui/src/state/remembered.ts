/** Small things kept by the web view between runs: panel sizes, the last diagram, words begun and not sent. Never a caption. */

/** The remembered value, or `fallback` where there is none or the store cannot be read. */
export function recall<T>(key: string, fallback: T, valid: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(`callout.${key}`) ?? "null");
    return valid(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

/** Remembers a value; where the store is full or closed, the next run merely starts from the default. */
export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`callout.${key}`, JSON.stringify(value));
  } catch {
    return;
  }
}
