import type { Command, Option } from "commander";

/** An option for shell completion. */
export interface CompletionOption {
  /** `--json`, `-o`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Its value: none, one of these words, a file name, or anything. */
  readonly value: "none" | "file" | "any" | readonly string[];
}

/** A command for shell completion, by its words. */
export interface CompletionCommand {
  /** `` for the program itself, `network create` for a subcommand. */
  readonly path: string;
  /** Its subcommands. */
  readonly children: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletionOption[];
  /** Arguments with a fixed set of words. */
  readonly choices: readonly string[];
}

/** Returns every command of a program, the program first, so that completion always matches the commands. */
export function completionTree(program: Command): CompletionCommand[] {
  return describe(program, "");
}

function describe(command: Command, path: string): CompletionCommand[] {
  const children = command.commands.filter((child) => child.name() !== "help");
  const own = {
    path,
    children: children.map((child) => ({ name: child.name(), description: firstLine(child.description()) })),
    options: [...command.options.filter(({ hidden }) => !hidden).map(toOption), HELP],
    choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  };
  return [own, ...children.flatMap((child) => describe(child, `${path} ${child.name()}`.trim()))];
}

const HELP: CompletionOption = { names: ["--help"], description: "display help", value: "none" };

function toOption(option: Option): CompletionOption {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  return { names, description: firstLine(option.description), value: valueKind(option) };
}

function valueKind({ required, optional, argChoices, flags }: Option): CompletionOption["value"] {
  if (!required && !optional) return "none";
  if (argChoices !== undefined) return argChoices;
  return /[<[](file|dir|path)/i.test(flags) ? "file" : "any";
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
