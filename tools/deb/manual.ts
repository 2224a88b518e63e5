import type { Command } from "commander";

/**
 * Returns the manual page of a program, in man(7), made from the help of its commands.
 *
 * @param date of the version, `2026-12-01`
 */
export function manual(program: Command, version: string, date: string): string {
  const lines = [
    `.TH LANEWAY 1 ${date} "Laneway ${version}"`,
    ".SH NAME",
    "laneway \\- an Ethernet segment between machines, over HTTPS",
    ".SH SYNOPSIS",
    ".B laneway",
    "COMMAND [OPTION]...",
    ".SH COMMANDS",
    ...program.commands.flatMap((command) => section(command, "laneway")),
  ];
  return `${lines.join("\n")}\n`;
}

function section(command: Command, before: string): string[] {
  const name = `${before} ${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((child) => section(child, name));
  const words = `${name} ${command.usage()}`.trim();
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .flatMap(({ flags, description }) => [".TP", `.B ${escaped(flags)}`, escaped(description)]);
  return [`.SS ${escaped(words)}`, escaped(command.description()), ...options];
}

/** Escapes a line of text: hyphens are those of options, and a leading dot is no request. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("\n", " ")
    .replace(/^([.'])/, "\\&$1");
}
