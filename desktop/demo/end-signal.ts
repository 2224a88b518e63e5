const POLL_MS = 500;

/**
 * Extends `signal` by the other ways to end a demo: a closed terminal and, under npm, the end of npm's shell, which
 * does not forward signals. Call `release` afterwards.
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
