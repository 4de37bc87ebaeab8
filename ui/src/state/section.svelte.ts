/** Which part of the settings is shown. */
import { recall, remember } from "./remembered";

export const SECTIONS = ["you", "people", "rules", "glossary", "audit", "about"] as const;
export type Section = (typeof SECTIONS)[number];

const isSection = (value: unknown): value is Section => SECTIONS.some((each) => each === value);
let current: Section = $state(recall<Section>("settings.section", "you", isSection));

export const section = {
  get now(): Section {
    return current;
  },
};

export function showSection(next: Section): void {
  current = next;
  remember("settings.section", next);
}
