/** Whether the open question is being answered as an examinee does. */
class Trying {
  on = $state(false);
  /** The answer was given, so that the evidence may show. */
  answered = $state(false);
}
export const trying = new Trying();
