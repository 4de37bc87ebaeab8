/** A question as plain text, for reading and comparing. */
import type { QuestionContent, Region } from "../../backend";
import { t } from "../../i18n";
import { letter } from "./content";

export function written(content: QuestionContent, regions: readonly Region[]): string {
  const names = content.evidence.map((id) => regions.find((region) => region.id === id)?.name ?? id);
  const lines = [
    t(`questions.kinds.${content.kind}`), content.stem,
    ...content.choices.map((choice, index) => `${letter(index)}${choice.right ? " ✓" : ""}  ${choice.text}`),
    content.truth === null ? "" : `${t("questions.lines.key")}: ${t(content.truth ? "questions.true" : "questions.false")}`,
    content.accepted.length === 0 ? "" : `${t("questions.lines.accepted")}: ${content.accepted.join(" / ")} ${content.unit} ${content.tolerance === null ? "" : `± ${content.tolerance}`}`,
    names.length === 0 ? "" : `${t("questions.lines.evidence")}: ${names.join(", ")}`,
    content.rationale === "" ? "" : `${t("questions.lines.rationale")}: ${content.rationale}`,
    `${t("questions.lines.facts")}: ${t(`caption.level.${content.level}`)}, ${t(`questions.difficulties.${content.difficulty}`)}, ${content.category}`,
  ];
  return lines.filter((line) => line !== "").join("\n");
}
