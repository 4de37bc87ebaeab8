/** Numbers of regions as they are drawn on the picture and listed beside the text. */

/** ① … ⑳, ㉑ … ㊿ for the regions 0 … 49, then plain numbers. */
export function mark(index: number): string {
  const number = index + 1;
  if (number <= 20) return String.fromCodePoint(0x2460 + index);
  if (number <= 35) return String.fromCodePoint(0x3251 + number - 21);
  if (number <= 50) return String.fromCodePoint(0x32b1 + number - 36);
  return String(number);
}
