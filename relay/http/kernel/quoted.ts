/** Characters of what a request said that an answer repeats. */
const LENGTH = 256;

/** Returns a text that an answer can repeat: its beginning, where it is long. */
export function shortened(text: string): string {
  return text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text;
}

/** Returns a value as JSON that an answer can repeat; a word for it where it is nested too deep to be written. */
export function quoted(value: unknown): string {
  try {
    return shortened(JSON.stringify(value));
  } catch {
    return "a value nested too deep";
  }
}
