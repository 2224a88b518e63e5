import { formats, t } from "../state/text.ts";

/** A relative time, with the exact time as its title. */
export function Time({ time: at, none }: { time: string | null; none?: string }) {
  if (at === null) return none ?? t.value.none;
  return (
    <time dateTime={at} title={formats.value.moment(at)}>
      {formats.value.relative(at, Date.now())}
    </time>
  );
}
