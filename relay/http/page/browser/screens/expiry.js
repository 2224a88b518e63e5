import { h } from "preact";
import { duration } from "../text/format.js";
import { t } from "../text/text.js";
import { SelectField, written } from "../ui/field.js";

const CHOICES = [3_600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400];

/**
 * How long something is good for.
 *
 * @param {{ value: number | undefined, never?: boolean }} props seconds at first, and whether it may be good for ever
 */
export function ExpiryField({ value, never = false }) {
  const text = t.value;
  /** @type {[string, string][]} */
  const options = CHOICES.map((seconds) => [String(seconds), duration(seconds)]);
  if (never) options.unshift(["", text.never]);
  return h(SelectField, {
    label: text.expiresAfter,
    name: "expires_in",
    options,
    value: value === undefined ? "" : String(value),
  });
}

/**
 * Seconds; undefined for ever.
 *
 * @param {FormData} fields
 */
export function expiryOf(fields) {
  const chosen = written(fields, "expires_in");
  return chosen === undefined ? undefined : Number(chosen);
}
