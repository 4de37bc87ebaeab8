import { afterEach, describe, expect, it } from "vitest";
import { setLanguage } from ".";
import { told, type Failure } from "./told";

const CLAIMED: Failure = {
  message: "Mei holds this diagram until 2026-11-01T08:00:00Z",
  help: "Take another diagram, or wait until the claim ends.",
  named: { key: "store.claimed", details: ["梅", "2026-11-01T08:00:00Z"] },
};

afterEach(() => setLanguage("en"));

describe("failures", () => {
  it("are told as they come in English", () => {
    expect(told(CLAIMED)).toEqual({ message: CLAIMED.message, help: CLAIMED.help });
  });

  it("are told in Chinese with their details", () => {
    setLanguage("zh-CN");
    const { message, help } = told(CLAIMED);
    expect(message).toMatch(/^梅 占用此图至 2026年11月1日/);
    expect(help).toBe("请换一张图，或等占用结束。");
    const roles: Failure = { message: "x", named: { key: "store.not_allowed", details: ["李雷", "annotator lead"] } };
    expect(told(roles).message).toBe("此操作需要“标注员”或“负责人”角色，而 李雷 没有");
  });

  it("keep their English where they have no name, or one that is not known", () => {
    setLanguage("zh-CN");
    expect(told({ message: "disk on fire", help: "Run." })).toEqual({ message: "disk on fire", help: "Run." });
    expect(told({ message: "new", named: { key: "store.from_tomorrow", details: [] } }).message).toBe("new");
  });

  it("do not take a detail's own braces for a place", () => {
    setLanguage("zh-CN");
    expect(told({ message: "x", named: { key: "store.no_term", details: ["{{b}} $&"] } }).message).toBe("没有术语“{{b}} $&”");
  });
});
