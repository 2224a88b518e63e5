import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { useStore } from "../state/context.ts";

/** Milliseconds for which an announcement stays visible. */
const SHOWN = 6_000;

/**
 * Shows the announcer's words and has them read out. Exists from the start, because readers ignore a region added
 * later.
 */
export function LiveRegion(): JSX.Element {
  const { announcer } = useStore();
  const current = announcer.current.value;
  useEffect(() => {
    if (current === undefined) return;
    const timer = setTimeout(() => announcer.clear(current.id), SHOWN);
    return () => clearTimeout(timer);
  }, [announcer, current]);
  return (
    <div class="toast" role="status" aria-live="polite">
      {current === undefined ? null : <span key={current.id}>{current.text}</span>}
    </div>
  );
}
