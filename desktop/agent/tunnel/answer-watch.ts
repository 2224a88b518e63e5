/** Maximum time for the answer to a probe, in milliseconds and in round trips: short enough to go unnoticed. */
const PATIENCE_MS = 1_400;
const ROUND_TRIPS = 6;
const MAX_PATIENCE_MS = 4_000;
/** Number of slices in which that time is counted. */
const SLICES = 6;

export interface AnswerWatchOptions {
  /** Round trip, in milliseconds; 0 if unknown. */
  readonly latencyMs: number;
  isAnswered(): boolean;
  /** Time of the last received message, by `performance.now()`. */
  heardAt(): number;
  /** Called if no answer came in time. */
  late(): void;
}

/**
 * Waits for the answer to a probe that was just sent. Other messages are no answer, because they may still come by the
 * old path. But they extend the time once, because the answer may be queued behind them.
 *
 * @returns a function that ends it
 */
export function watchForAnswer(options: AnswerWatchOptions): () => void {
  const { latencyMs, isAnswered, heardAt, late } = options;
  const asked = performance.now();
  const slice = Math.max(PATIENCE_MS, Math.min(ROUND_TRIPS * latencyMs, MAX_PATIENCE_MS)) / SLICES;
  let left = SLICES;
  let hasMore = true;
  let at = asked;
  const timer = setInterval(() => {
    const now = performance.now();
    // While the process did not run it could not receive, so only slices in which it ran count.
    if (now - at < 2 * slice) left--;
    at = now;
    if (left === 0 && hasMore && heardAt() > asked) {
      hasMore = false;
      left = SLICES;
    }
    if (!isAnswered() && left > 0) return;
    clearInterval(timer);
    if (!isAnswered()) late();
  }, slice);
  return () => clearInterval(timer);
}
