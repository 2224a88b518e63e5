import type { Command } from "commander";

/** A command as the overview lists it. Its code is loaded when it runs, so that every command starts at once. */
export interface ListedCommand {
  /** Its name, options and arguments, like `leave [options] <network>`. */
  readonly usage: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** Loads it; commands of one file come together. */
  readonly load: () => Promise<Command | readonly Command[]>;
}

const OPTIONS = [
  { usage: "-V, --version", summary: "output the version number" },
  { usage: "-h, --help", summary: "display help for command" },
];
const HELP = { usage: "help [command]", summary: "display help for command" };

/**
 * Returns what `laneway --help` prints: all commands, without loading one.
 *
 * @param columns width of the terminal, in characters
 */
export function overview(commands: readonly ListedCommand[], columns: number): string {
  const listed = [...commands, HELP];
  const indent = Math.max(...listed.map(({ usage }) => usage.length)) + 4;
  const width = Math.max(40, columns - indent);
  const rows = (list: readonly { usage: string; summary: string }[]) =>
    list.map(({ usage, summary }) => {
      const text = wrap(summary, width).join(`\n${" ".repeat(indent)}`);
      return `${`  ${usage}`.padEnd(indent)}${text}\n`;
    });
  return `Usage: laneway [options] [command]

A real layer-2 segment between machines behind any NAT.

Options:
${rows(OPTIONS).join("")}
Commands:
${rows(listed).join("")}`;
}

/** Splits a text into lines of at most `width` characters, except for longer words. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
