/** Maximum number of a request's characters that an answer repeats. */
const LENGTH = 256;

/** Returns the text, cut short if it is long, for an answer to repeat. */
export function shortened(text: string): string {
  return text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text;
}

/** Returns the value as JSON for an answer to repeat, or a placeholder if it is nested too deep to serialize. */
export function quoted(value: unknown): string {
  try {
    return shortened(JSON.stringify(value));
  } catch {
    return "a value nested too deep";
  }
}
