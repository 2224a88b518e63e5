import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Announcer } from "./announcer.ts";

/** Time for which an announcement is shown, in milliseconds. */
const SHOWN_MS = 6_000;

/**
 * Shows the announcer's words and has them read out. Draw it from the start, because readers ignore a region added
 * later.
 */
export function Toast({ announcer }: { readonly announcer: Announcer }): JSX.Element {
  const current = announcer.current.value;
  useEffect(() => {
    if (current === undefined) return;
    const timer = setTimeout(() => announcer.clear(current.id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [announcer, current]);
  return (
    <div class="toast" role="status">
      {current === undefined ? null : <p key={current.id}>{current.text}</p>}
    </div>
  );
}
