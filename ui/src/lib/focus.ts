/** Moving the keyboard when a dialog's content changes under it. */

/** An attachment: the element takes the focus as it appears, so that the keyboard is never left on nothing. */
export function takeFocus(element: HTMLElement): void {
  element.focus();
}
