/** How caption text looks in the editor, from the window's tokens. */
import { EditorView } from "@codemirror/view";

export const captionTheme = EditorView.theme({
  "&": { height: "100%", color: "var(--text-1)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-text)", fontSize: "var(--size-text)", lineHeight: "var(--line-text)" },
  ".cm-content": { maxWidth: "var(--measure)", padding: "var(--space-3) var(--space-4)", caretColor: "var(--text-1)" },
  ".cm-line": { padding: "0" },
  ".cm-cursor": { borderLeftColor: "var(--text-1)", borderLeftWidth: "1.5px" },
  ".cm-placeholder": { color: "var(--text-3)" },
  "& > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { background: "var(--surface-3)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { background: "var(--accent-soft)" },
  ".cm-searchMatch": { backgroundColor: "var(--warning-soft)", outline: "1px solid var(--warning)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--accent-soft)", outline: "2px solid var(--accent)" },
  ".cm-panels": { color: "var(--text-1)", backgroundColor: "var(--surface-2)", fontFamily: "var(--font-ui)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--border)" },
  ".cm-panel.cm-search": { padding: "var(--space-2) var(--space-4)", fontSize: "var(--size-ui)" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button, .cm-panel.cm-search label": { fontSize: "var(--size-small)" },
  ".cm-panel.cm-search [name=close]": { fontSize: "var(--size-title)", right: "var(--space-2)" },
  ".cm-textfield": { backgroundColor: "var(--surface-1)", borderColor: "var(--border-strong)", borderRadius: "4px" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--surface-1)", borderColor: "var(--border)" },
});
