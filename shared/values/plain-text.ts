/**
 * Text from another machine, made safe to show. A terminal, a log and a window obey characters that a reader can't see:
 * C0 and C1 controls (ECMA-48), the directional formatting characters of Unicode (UAX #9 section 2), and the line and
 * paragraph separators.
 */

/** U+200E, U+200F, U+061C: marks; U+202A–U+202E: embeddings and overrides; U+2066–U+2069: isolates. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const UNSAFE_RUNS = new RegExp(`${UNSAFE.source}+`, "gu");
const EACH_UNSAFE = new RegExp(UNSAFE.source, "gu");

/**
 * Returns the text on one line, with each run of unsafe characters replaced by a space and lone surrogates by U+FFFD.
 *
 * @param most characters (UTF-16 code units) to keep
 */
export function plainText(text: string, most = Number.POSITIVE_INFINITY): string {
  const line = text.replaceAll(UNSAFE_RUNS, " ");
  // A surrogate pair cut in two becomes U+FFFD as well.
  return line.slice(0, most).toWellFormed();
}

/** Returns whether {@link plainText} leaves the text as it is. */
export function isPlainText(text: string): boolean {
  return !UNSAFE.test(text) && text.isWellFormed();
}

/**
 * Returns a value as JSON on one line that is safe on a terminal. JSON itself escapes C0 alone; the others are escaped
 * here, so a program reads the same value.
 */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    EACH_UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
