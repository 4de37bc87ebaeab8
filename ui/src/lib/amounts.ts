/** Amounts as people read them: memory, parameters, durations, moments, probabilities. */

/** MiB as "512 MB" or "7.4 GB". */
export function memory(mib: number): string {
  return mib < 1000 ? `${mib} MB` : `${(mib / 1024).toFixed(mib < 102_400 ? 1 : 0)} GB`;
}

/** A number of parameters as "3.8 B" or "36 M"; a dash where it is unknown. */
export function parameters(count: number | null): string {
  if (count === null) return "–";
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} B`;
  if (count >= 1e6) return `${Math.round(count / 1e6)} M`;
  return `${Math.max(1, Math.round(count / 1e3))} k`;
}

/** Seconds as "0.8 s", "14 s" or "3 min 20 s". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A day and a time, in the language given. */
export function moment(instant: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(instant));
}

/** The probability in per cent that a mean of natural logarithms stands for. */
export function percent(meanLogprob: number): number {
  return Math.round(Math.exp(Math.min(0, meanLogprob)) * 100);
}

/** A stretch of time by its days: one, or the first and the last. */
export function spanOf({ from, until }: { from: string; until: string }, language: string): string {
  const days = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const [first, last] = [days.format(new Date(from)), days.format(new Date(new Date(until).getTime() - 1))];
  return first === last ? first : `${first} – ${last}`;
}
