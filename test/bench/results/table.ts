export type Cell = string | number;

/** Formats a Markdown table, padded so that it reads well as text; columns after the first align right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, i) => Math.max(3, ...lines.map((line) => [...(line[i] ?? "")].length)));
  const pad = (text: string, i: number) => {
    const space = " ".repeat((widths[i] ?? 0) - [...text].length);
    return i === 0 ? text + space : space + text;
  };
  const write = (cells: readonly string[]) => `| ${cells.map(pad).join(" | ")} |\n`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const [first = [], ...rest] = lines;
  return `${write(first)}| ${rule.join(" | ")} |\n${rest.map(write).join("")}`;
}
