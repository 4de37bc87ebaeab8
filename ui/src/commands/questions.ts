/** Commands of this part of the window. */
import type { Command } from "./command";

export const questionsCommands: readonly Command[] = [];
