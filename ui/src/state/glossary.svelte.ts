/** The workspace's glossary as the window knows it; Rust finds its terms in texts. */
import { backend, type Term } from "../backend";

let terms = $state.raw<readonly Term[]>([]);
let version = $state(0);

export const glossary = {
  get terms(): readonly Term[] {
    return terms;
  },
  /** Grows with every change, so that texts are looked through again. */
  get version(): number {
    return version;
  },
};

/** Reads the glossary again: for a workspace that was just opened, and when somebody wrote to it. */
export async function refreshGlossary(): Promise<void> {
  // Without a glossary nothing is marked; the place where it is managed tells what is wrong.
  const next = await backend().terms().catch(() => []);
  if (JSON.stringify(next) === JSON.stringify(terms)) return;
  terms = next;
  version += 1;
}
