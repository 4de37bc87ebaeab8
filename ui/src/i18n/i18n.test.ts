import { describe, expect, it } from "vitest";
import { en, resolveLanguage, setLanguage, t, zhCN } from ".";

type Texts = { [key: string]: string | Texts };

function flatten(texts: Texts, prefix = ""): Map<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([key, value]) =>
      typeof value === "string" ? [[prefix + key, value] as const] : [...flatten(value, `${prefix}${key}.`)],
    ),
  );
}

const english = flatten(en);
const chinese = flatten(zhCN);
const placeholders = (text = ""): string[] => [...text.matchAll(/\{\{(\w+)[^}]*\}\}/g)].map((match) => match[1] ?? "").sort();

const sources = import.meta.glob<string>(["../**/*.{ts,svelte}", "!../**/*.test.ts", "!../backend/bindings.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});

describe("translations", () => {
  it("has the same texts in both languages; Chinese has one plural form", () => {
    const forms = [...english.keys()].filter((key) => !key.endsWith("_one"));
    expect([...chinese.keys()].sort()).toEqual(forms.sort());
  });

  it("uses the same values in both languages", () => {
    for (const [key, text] of chinese) expect(placeholders(text), key).toEqual(placeholders(english.get(key)));
  });

  it("has no empty text and no English left in Chinese", () => {
    for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe("");
    const alike = new Set(["app.name", "bar.to_other_language"]);
    for (const [key, text] of chinese) {
      if (/[a-z]{3}/.test(text.replace(/\{\{[^}]+\}\}/g, "")) && !alike.has(key) && text !== "JSON Lines") {
        expect(text, key).toMatch(/\p{Script=Han}/u);
      }
    }
  });

  it("has no text that nothing shows", () => {
    const code = Object.values(sources).join("\n");
    const quoted = new Set([...code.matchAll(/["']([a-z_]+(?:\.[a-z_]+)+)["']/g)].map((match) => match[1] ?? ""));
    const composed = [...code.matchAll(/`([a-z_.]+\$\{[^}`]+\}[a-z_.]*)`/g)].map(
      (match) => new RegExp(`^${(match[1] ?? "").replace(/\./g, "\\.").replace(/\$\{[^}]+\}/g, "[a-z_]+")}$`),
    );
    const isUsed = (key: string): boolean => quoted.has(key) || composed.some((pattern) => pattern.test(key));
    // `key_one`, `key_other` and `key_approved` are forms of `key`, chosen by a count or a context.
    const forms = (key: string): string[] => [...key.matchAll(/_/g)].map((match) => key.slice(0, match.index));
    expect([...english.keys()].filter((key) => ![key, ...forms(key)].some(isUsed))).toEqual([]);
  });

  it("counts in both languages", () => {
    setLanguage("en");
    expect([t("queue.count", { count: 1 }), t("queue.count", { count: 2000 })]).toEqual(["1 diagram", "2,000 diagrams"]);
    setLanguage("zh-CN");
    expect(t("queue.count", { count: 1 })).toBe("1 张图");
    expect(document.documentElement.lang).toBe("zh-CN");
    setLanguage("en");
  });
});

describe("language of the system", () => {
  const check = (preferred: string[], expected: string): void => {
    expect(resolveLanguage("system", preferred)).toBe(expected);
  };
  it("is the first that the interface is written in", () => {
    check(["zh-TW", "en"], "zh-CN");
    check(["de-DE", "en-GB", "zh-CN"], "en");
    check(["fr"], "en");
    expect(resolveLanguage("zh-CN", ["en"])).toBe("zh-CN");
  });
});
