/** Maximum delay of a timer, in milliseconds: 24 days. */
const TIMER_MS = 2 ** 31 - 1;

/**
 * Calls `work` after a delay of any length, unless it is cancelled before.
 *
 * @param ms milliseconds; calls at once if not positive
 * @param signal cancels the call
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
