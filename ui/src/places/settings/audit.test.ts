import { afterEach, describe, expect, it } from "vitest";
import type { AuditEntry } from "../../backend";
import { en, setLanguage } from "../../i18n";
import { ACTIONS, actionTitle, changeOf, noteOf } from "./audit";

const ID = "0199a1b2-0000-7000-8000-000000000000";
const line = (action: string, before: string | null, after: string | null, note: string | null = null, about: AuditEntry["about"] = null): AuditEntry => ({
  at: "2026-11-25T10:00:00.000Z", who: "wei", action, subject: ID, before, after, note, about,
});

describe("a line of the audit log", () => {
  afterEach(() => setLanguage("en"));

  const check = (entry: AuditEntry, english: string, chinese: string): void => {
    setLanguage("en");
    expect(changeOf(entry)).toBe(english);
    setLanguage("zh-CN");
    expect(changeOf(entry)).toBe(chinese);
  };

  it("says what changed in both languages", () => {
    check(line("submit", "in_progress", "submitted"), "In progress → Submitted", "进行中 → 已提交");
    check(line("person", "annotator author", "annotator"), "Annotator, Author → Annotator", "标注员, 出题人 → 标注员");
    check(line("person", "lead li", "Li"), "lead li → Li", "lead li → Li");
    check(line("plan", "", "2", "plan"), "place 3", "第 3 位");
    check(line("plan", "false", "true", "second"), "no → yes", "否 → 是");
    check(line("reasons", "", "invented style"), "Invented, Style", "凭空捏造, 表达");
    check(line("question", "draft", "ready"), "Being written → Ready", "编写中 → 已定稿");
    check(line("question", ID, ID), "new text", "新文字");
    check(line("term", null, '{"id":"x","en":"AMF","zh":"接入管理"}'), "AMF / 接入管理", "AMF / 接入管理");
    check(line("claim", null, ID, null, { diagram_id: ID, number: 1, name: "a.png", before: null, after: "韩梅梅" }), "韩梅梅", "韩梅梅");
  });

  it("shows no id of a text and no note that only names ids", () => {
    check(line("revise", ID, ID), "", "");
    check(line("import", null, "0".repeat(64)), "", "");
    expect(noteOf(line("submit", "todo", "submitted", `${ID} ${ID}`))).toBe("");
    expect(noteOf(line("skip", "todo", "skipped", "blurred"))).toBe("blurred");
  });

  it("has a title for every action", () => {
    expect([...ACTIONS].sort()).toEqual(Object.keys(en.people.action).sort());
    expect(actionTitle("submit")).toBe(en.people.action.submit);
  });
});
