/** The `laneway` command: the one place that knows both the relay and the client. */
import { CommanderError } from "commander";
import { program } from "../desktop/cli/program.ts";
import { runRelay } from "../relay/main.ts";
import { serve } from "../relay/node.ts";
import { relayCommand } from "../relay/options.ts";
import { explain } from "../shared/fault.ts";

/** @param argv as Node gives it: the runtime and the script first */
export async function main(argv: readonly string[]): Promise<void> {
  const relay = relayCommand().action((given: Record<string, unknown>) => runRelay(given, serve));
  try {
    await program([relay]).parseAsync(argv);
    process.exit();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has told it already; what it calls an error is wrong usage.
      process.exit(error.exitCode === 0 ? 0 : 2);
    }
    const { text, exitCode } = explain(error);
    process.stderr.write(text);
    process.exit(exitCode);
  }
}
