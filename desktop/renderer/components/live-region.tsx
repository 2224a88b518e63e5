import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { useStore } from "../state/context.ts";

/** How long it is to be seen, in milliseconds. */
const SHOWN = 6_000;

/** Where the announcer's words are shown and read out. It is there from the start: one that comes later is not heard. */
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
