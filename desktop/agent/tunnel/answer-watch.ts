/** How long the answer to a probe may take, in milliseconds and in round trips: quicker than people begin to wonder. */
const PATIENCE_MS = 1_400;
const ROUND_TRIPS = 6;
const MAX_PATIENCE_MS = 4_000;
/** In how many parts that time is counted. */
const SLICES = 6;

export interface AnswerWatchOptions {
  /** Round trip, in milliseconds; 0 while it is not known. */
  readonly latencyMs: number;
  isAnswered(): boolean;
  /** When anything came last, as `performance.now()` has it. */
  heardAt(): number;
  /** There was no answer in time. */
  late(): void;
}

/**
 * Waits for the answer to a question that was just asked. What else comes is no answer: the way back may be the old one still.
 * But it gives the answer as much time again, as that may have to wait for what is sent besides.
 *
 * @returns what ends it
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
    // A process that was not run for a while has not listened either: only what it did counts.
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
