/** Comments in the editor: the words that a conversation is about are marked, and the marks move with them. */
import { type EditorState, type Extension, StateEffect, StateField, type TransactionSpec } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";
import type { Mark } from "./anchors";

const setMarks = StateEffect.define<readonly Mark[]>();

const marksField = StateField.define<readonly Mark[]>({
  create: () => [],
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMarks)) return effect.value;
    if (!transaction.docChanged) return marks;
    return marks.map((mark) => {
      const from = transaction.changes.mapPos(mark.from, 1);
      return { ...mark, from, to: Math.max(from, transaction.changes.mapPos(mark.to, -1)) };
    });
  },
});

/** Stands where words were removed. */
class Removed extends WidgetType {
  override toDOM(): HTMLElement {
    const dom = document.createElement("span");
    dom.className = "cm-commented cm-removed";
    dom.setAttribute("aria-hidden", "true");
    return dom;
  }
  override eq(): boolean {
    return true;
  }
}

/** What an editor needs to show comments. */
export const commenting: Extension = [
  marksField,
  EditorView.decorations.compute([marksField], (state) =>
    Decoration.set(
      state.field(marksField).map(({ from, to, thread }) =>
        from === to
          ? Decoration.widget({ widget: new Removed(), side: 1 }).range(from)
          : Decoration.mark({ class: "cm-commented", attributes: { "data-thread": thread } }).range(from, to),
      ),
      true,
    ),
  ),
];

/** Shows marks in place of those before; null where the same are there. */
export function showMarks(state: EditorState, marks: readonly Mark[]): TransactionSpec | null {
  const length = state.doc.length;
  const fits = marks.filter(({ to }) => to <= length);
  return JSON.stringify(state.field(marksField, false)) === JSON.stringify(fits) ? null : { effects: setMarks.of(fits) };
}

/** Where the words of a conversation stand now. */
export function markOf(state: EditorState, thread: string): Mark | null {
  return state.field(marksField, false)?.find((mark) => mark.thread === thread) ?? null;
}
