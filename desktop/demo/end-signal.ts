const POLL_MS = 500;

/**
 * Adds to `signal` the other ways a demo can be told to end: its terminal being closed, and, where npm runs it, the
 * end of npm's shell, which does not pass signals on. Call `release` when it is over.
 */
export function endSignal(signal: AbortSignal): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const hangUp = (): void => controller.abort(new Error("the terminal was closed"));
  process.on("SIGHUP", hangUp);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env["npm_lifecycle_event"] && process.ppid !== parent) {
      controller.abort(new Error("npm has ended"));
    }
  }, POLL_MS);
  watch.unref();
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    release: () => {
      process.off("SIGHUP", hangUp);
      clearInterval(watch);
    },
  };
}
