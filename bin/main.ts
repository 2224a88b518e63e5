/** The `laneway` command: the only module that imports both the relay and the client. */
import { setFlagsFromString } from "node:v8";
import { program } from "../desktop/cli/program.ts";
import { relayCommand } from "../relay/options.ts";
import { restoreCommand } from "../relay/restore-command.ts";
import { explainCommand } from "../system/command.ts";

/**
 * Runs the command line.
 *
 * @param argv as Node gives it: the runtime and the script first
 */
export async function main(argv: readonly string[]): Promise<void> {
  const relay = relayCommand().action(async (given: Record<string, unknown>) => {
    // V8's space for new objects grows while thousands of sessions arrive and never shrinks: 100 MiB, as much as the
    // sessions take.
    setFlagsFromString("--semi-space-growth-factor=1");
    // Loads these late because the other commands do not need them and start faster without.
    const [{ runRelay }, { serve }] = await Promise.all([
      import("../relay/main.ts"),
      import("../relay/node.ts"),
    ]);
    await runRelay(given, serve);
  });
  try {
    await program([relay, restoreCommand()]).parseAsync(argv);
    process.exit();
  } catch (error) {
    const { text, exitCode } = explainCommand(error);
    process.stderr.write(text);
    process.exit(exitCode);
  }
}
