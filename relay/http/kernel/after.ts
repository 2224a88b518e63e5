/** What a timer holds at most, in milliseconds: 24 days. */
const TIMER_MS = 2 ** 31 - 1;

/**
 * Does something after a time of any length, unless it is called off before.
 *
 * @param ms milliseconds; at once where it is not positive
 * @param signal calls it off
 */
export function after(ms: number, work: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  const timer = setTimeout(
    () => {
      signal.removeEventListener("abort", cancel);
      if (ms > TIMER_MS) after(ms - TIMER_MS, work, signal);
      else work();
    },
    Math.min(Math.max(0, ms), TIMER_MS),
  );
  const cancel = () => clearTimeout(timer);
  signal.addEventListener("abort", cancel, { once: true });
}
