/** The `laneway` command: the only module that imports both the relay and the client. */
import { setFlagsFromString } from "node:v8";
import { COMMANDS } from "../desktop/cli/command-list.ts";
import { type ListedCommand, overview } from "../desktop/cli/overview.ts";
import { ownVersion } from "../desktop/cli/version.ts";

/** All commands, in the order of the help. */
export const ALL: readonly ListedCommand[] = [
  {
    usage: "relay [options]",
    summary: "run a relay: the hub that tunnels meet in",
    load: async () => (await import("../relay/options.ts")).relayCommand().action(runRelayCommand),
  },
  {
    usage: "restore [options] <file>",
    summary: "put a backup in the place of a relay's data, while no relay uses it",
    load: async () => (await import("../relay/restore-command.ts")).restoreCommand(),
  },
  ...COMMANDS,
];

/**
 * Runs the command line. It answers what is asked about the program itself without loading any command.
 *
 * @param argv as Node gives it: the runtime and the script first
 */
export async function main(argv: readonly string[]): Promise<void> {
  const given = argv.slice(2);
  const [first = "", ...rest] = given;
  if (first === "--version" || first === "-V") process.stdout.write(`${ownVersion()}\n`);
  else if (rest.length === 0 && ["--help", "-h", "help"].includes(first))
    process.stdout.write(overview(ALL, process.stdout.columns ?? 80));
  else await run(argv);
}

async function run(argv: readonly string[]): Promise<void> {
  const [{ program }, { explainCommand }] = await Promise.all([
    import("../desktop/cli/program.ts"),
    import("../system/command.ts"),
  ]);
  try {
    await (await program(ALL, argv.slice(2))).parseAsync(argv);
    process.exit();
  } catch (error) {
    const { text, exitCode } = explainCommand(error);
    process.stderr.write(text);
    process.exit(exitCode);
  }
}

async function runRelayCommand(given: Record<string, unknown>): Promise<void> {
  // V8's space for new objects grows while thousands of sessions arrive and never shrinks: 100 MiB, as much as the
  // sessions take.
  setFlagsFromString("--semi-space-growth-factor=1");
  const [{ runRelay }, { serve }] = await Promise.all([
    import("../relay/main.ts"),
    import("../relay/node.ts"),
  ]);
  await runRelay(given, serve);
}
