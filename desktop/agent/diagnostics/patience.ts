/** Thrown when work takes longer than allowed. */
export class TooLate extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms / 1_000} s`);
  }
}

/**
 * Waits for work, at most `ms`. Its signal is aborted then, and with `signal`.
 *
 * @throws TooLate; the signal's reason when aborted; the work's own errors
 */
export async function within<Result>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const over = new AbortController();
  const ended = Promise.withResolvers<never>();
  const end = (reason: unknown) => {
    ended.reject(reason);
    over.abort(reason);
  };
  const abort = () => end(signal.reason);
  signal.addEventListener("abort", abort);
  const late = setTimeout(() => end(new TooLate(ms)), ms);
  try {
    // Some work can't be aborted, such as the system's resolver: it is abandoned.
    return await Promise.race([work(over.signal), ended.promise]);
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", abort);
    over.abort();
  }
}

/** Like {@link within}, but returns undefined if the work took too long. */
export async function patiently<Result>(
  ms: number,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await within(ms, signal, work);
  } catch (error) {
    if (error instanceof TooLate) return undefined;
    throw error;
  }
}

/** Returns the milliseconds since `start` (of {@link performance.now}), rounded to a tenth. */
export function since(start: number): number {
  return Math.round((performance.now() - start) * 10) / 10;
}
