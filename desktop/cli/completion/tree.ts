import type { Command, Option } from "commander";

/** An option, as a shell completes it. */
export interface CompletionOption {
  /** `--json`, `-o`. */
  readonly names: readonly string[];
  readonly description: string;
  /** What may come after it: nothing, one of these words, a file's name, or anything. */
  readonly value: "none" | "file" | "any" | readonly string[];
}

/** A command, by the words that lead to it. */
export interface CompletionCommand {
  /** `` for the program itself, `network create` for a command of a command. */
  readonly path: string;
  /** The commands below it. */
  readonly children: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletionOption[];
  /** Its arguments that are one of a few words. */
  readonly choices: readonly string[];
}

/** Every command of a program, itself first: what there is to complete is what there is. */
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
