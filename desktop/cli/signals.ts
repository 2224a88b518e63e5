/**
 * Returns a signal that is aborted at the first SIGINT or SIGTERM, so that a foreground command ends cleanly. The
 * second ends the process at once.
 */
export function untilSignalled(): AbortSignal {
  const controller = new AbortController();
  const end = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    controller.abort();
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  return controller.signal;
}
