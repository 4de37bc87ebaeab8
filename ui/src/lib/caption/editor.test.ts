/** The editor's state survives a restart with its undo history, and changes of others do not disturb it. */
import { undo } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { afterEach, expect, it, vi } from "vitest";
import { changeTo, LONGEST_STATE, type LiveEditor, mountEditor, openState, storeState, withText } from "./editor";

const settings = { read_only: false, words: { label: "Caption", placeholder: "Write", phrases: {} } };

let live: LiveEditor | undefined;
afterEach(() => live?.view.destroy());

function edit(state: EditorState, text: string): EditorState {
  return state.update({ changes: changeTo(state, text), userEvent: "input.type" }).state;
}

function undone(state: EditorState): string {
  let text = "nothing to undo";
  undo({ state, dispatch: (transaction) => (text = transaction.state.doc.toString()) });
  return text;
}

it("undoes after a restart", () => {
  const before = edit(openState("交换机转发", null, settings), "路由器转发");
  const after = openState("路由器转发", storeState(before), settings);
  expect(after.doc.toString()).toBe("路由器转发");
  expect(undone(after)).toBe("交换机转发");
});

it("starts from the text when the stored state is of another text or not readable", () => {
  const other = storeState(edit(openState("a", null, settings), "ab"));
  for (const stored of [other, "not json", "{}", "null"]) {
    const state = openState("the text", stored, settings);
    expect(state.doc.toString()).toBe("the text");
    expect(undone(state)).toBe("nothing to undo");
  }
});

it("drops the history rather than the text when a state is too long", () => {
  const long = "x".repeat(LONGEST_STATE);
  const stored = storeState(edit(openState(long, null, settings), "short"));
  expect(stored.length).toBeLessThan(200);
  expect(openState("short", stored, settings).doc.toString()).toBe("short");
});

it("takes somebody else's text without making it undoable", () => {
  const mine = edit(openState("one", null, settings), "one two");
  const theirs = withText(mine, "zero one two");
  expect(theirs.doc.toString()).toBe("zero one two");
  expect(undone(theirs)).toBe("zero one");
});

it("makes the smallest change, so that the cursor stays", () => {
  expect(changeTo(openState("the router sends", null, settings), "the switch sends")).toEqual({ from: 4, to: 10, insert: "switch" });
  expect(changeTo(openState("aa", null, settings), "aaa")).toEqual({ from: 2, to: 2, insert: "a" });
});

it("reports edits of the person only, and none in the middle of a composition", () => {
  const edited = vi.fn();
  live = mountEditor(document.body, openState("", null, settings), (state, isEdit) => isEdit && edited(state.doc.toString()));
  const { view } = live;
  view.dispatch({ changes: { from: 0, insert: "a" }, userEvent: "input.type" });
  expect(edited.mock.calls).toEqual([["a"]]);
  view.dispatch({ selection: { anchor: 1 } });
  expect(edited).toHaveBeenCalledTimes(1);

  const composing = vi.spyOn(view, "composing", "get").mockReturnValue(true);
  view.dispatch({ changes: { from: 1, insert: "zhong" }, userEvent: "input.type.compose" });
  expect(edited).toHaveBeenCalledTimes(1);
  composing.mockReturnValue(false);
  view.dispatch({ changes: { from: 1, to: 6, insert: "中" }, userEvent: "input.type.compose" });
  expect(edited.mock.calls.at(-1)).toEqual(["a中"]);
});

it("reports a composition that ends without another change", () => {
  vi.useFakeTimers();
  const edited = vi.fn();
  live = mountEditor(document.body, openState("", null, settings), (state, isEdit) => isEdit && edited(state.doc.toString()));
  const composing = vi.spyOn(live.view, "composing", "get").mockReturnValue(true);
  live.view.dispatch({ changes: { from: 0, insert: "中文" }, userEvent: "input.type.compose" });
  composing.mockReturnValue(false);
  live.view.contentDOM.dispatchEvent(new CompositionEvent("compositionend"));
  vi.advanceTimersByTime(100);
  vi.useRealTimers();
  expect(edited.mock.calls).toEqual([["中文"]]);
});

it("cannot be typed in when read-only", () => {
  expect(openState("x", null, { ...settings, read_only: true }).readOnly).toBe(true);
});
