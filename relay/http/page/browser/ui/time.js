import { dateTime, relative } from "../text/format.js";
import { t } from "../text/text.js";
import { time } from "./dom.js";

/**
 * How far off a time is, and when exactly where that is asked for.
 *
 * @param {{ time: string | null, none?: string }} props
 */
export function Time({ time: at, none }) {
  if (at === null) return none ?? t.value.none;
  return time({ dateTime: at, title: dateTime(at) }, relative(at));
}
