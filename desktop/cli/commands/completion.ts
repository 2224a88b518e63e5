import { Argument, Command } from "commander";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { completionTree } from "../completion/tree.ts";
import { zshCompletion } from "../completion/zsh.ts";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

type Shell = keyof typeof SHELLS;

/** `laneway completion bash|zsh|fish` */
export function completionCommand(): Command {
  const completion = new Command("completion");
  return completion
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(SHELLS)))
    .addHelpText(
      "after",
      '\nbash: eval "$(laneway completion bash)" in ~/.bashrc\nzsh:  laneway completion zsh > FILE, where FILE is _laneway in a directory of $fpath\nfish: laneway completion fish > ~/.config/fish/completions/laneway.fish',
    )
    .action((shell: Shell) => {
      process.stdout.write(SHELLS[shell](completionTree(completion.parent ?? completion)));
    });
}
