/** Texts of the interface in English and simplified Chinese, switchable while the app runs. */
import i18next from "i18next";
import { createSubscriber } from "svelte/reactivity";
import enCore from "./en.json";
import questionsEn from "./en/questions.json";
import reviewEn from "./en/review.json";
import boardEn from "./en/board.json";
import peopleEn from "./en/people.json";
import glossaryEn from "./en/glossary.json";
import historyEn from "./en/history.json";
import regionsEn from "./en/regions.json";
import structureEn from "./en/structure.json";
import actionsEn from "./en/actions.json";
import workEn from "./en/work.json";
import zhCore from "./zh-CN.json";
import questionsZh from "./zh-CN/questions.json";
import reviewZh from "./zh-CN/review.json";
import boardZh from "./zh-CN/board.json";
import peopleZh from "./zh-CN/people.json";
import glossaryZh from "./zh-CN/glossary.json";
import historyZh from "./zh-CN/history.json";
import regionsZh from "./zh-CN/regions.json";
import structureZh from "./zh-CN/structure.json";
import actionsZh from "./zh-CN/actions.json";
import workZh from "./zh-CN/work.json";

/** All texts, a file for each part of the window. */
export const en = { ...enCore, questions: questionsEn, review: reviewEn, board: boardEn, people: peopleEn, glossary: glossaryEn, history: historyEn, regions: regionsEn, structure: structureEn, work: workEn, actions: actionsEn };
export const zhCN = { ...zhCore, questions: questionsZh, review: reviewZh, board: boardZh, people: peopleZh, glossary: glossaryZh, history: historyZh, regions: regionsZh, structure: structureZh, work: workZh, actions: actionsZh };

/** A language that the interface is written in. */
export type Shown = "en" | "zh-CN";

type Leaves<T, Prefix extends string = ""> = {
  [K in keyof T & string]: T[K] extends string ? `${Prefix}${K}` : Leaves<T[K], `${Prefix}${K}.`>;
}[keyof T & string];

type WithoutPlural<K extends string> = K extends `${infer Base}_${"one" | "other"}` ? Base : K;

/** Every key of `en.json`, as a dotted path; plural pairs (`_one`, `_other`) by their common stem. */
export type Key = WithoutPlural<Leaves<typeof en>>;

const instance = i18next.createInstance();
void instance.init({
  lng: "en",
  fallbackLng: "en",
  initAsync: false,
  interpolation: { escapeValue: false },
  resources: { en: { translation: en }, "zh-CN": { translation: zhCN } },
});

const subscribe = createSubscriber((update) => {
  instance.on("languageChanged", update);
  return () => instance.off("languageChanged", update);
});

/** The text for `key`; read in a template or effect, it follows a change of language. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  subscribe();
  return instance.t(key, values);
}

/** The language shown now (reactive). */
export function shownLanguage(): Shown {
  subscribe();
  return instance.language === "zh-CN" ? "zh-CN" : "en";
}

/** Switches the language at once and tells the document, so that fonts and hyphenation follow. */
export function setLanguage(language: Shown): void {
  void instance.changeLanguage(language);
  document.documentElement.lang = language;
}

/** The interface's language for a setting: "system" follows what the system prefers. */
export function resolveLanguage(setting: "system" | Shown, preferred: readonly string[] = navigator.languages): Shown {
  if (setting !== "system") return setting;
  const known = preferred.find((tag) => /^(en|zh)\b/i.test(tag));
  return known !== undefined && /^zh\b/i.test(known) ? "zh-CN" : "en";
}
