/** The `laneway` command: the one place that knows both the relay and the client. */
import { setFlagsFromString } from "node:v8";
import { program } from "../desktop/cli/program.ts";
import { relayCommand } from "../relay/options.ts";
import { restoreCommand } from "../relay/restore-command.ts";
import { explainCommand } from "../system/command.ts";

/** @param argv as Node gives it: the runtime and the script first */
export async function main(argv: readonly string[]): Promise<void> {
  const relay = relayCommand().action(async (given: Record<string, unknown>) => {
    // V8's room for what is new grows while thousands of sessions come, and stays: 100 MiB, as much as they take themselves.
    setFlagsFromString("--semi-space-growth-factor=1");
    // Only now: the other commands need none of it, and start sooner.
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
