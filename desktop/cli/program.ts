import { Command } from "commander";
import { throwing } from "../../system/command.ts";
import { type ListedCommand, overview } from "./overview.ts";
import { ownVersion } from "./version.ts";

/** Commands that need to know all others. */
const NEEDS_ALL = new Set(["completion"]);

/**
 * Returns the command line for some arguments, with the command that they name. It has all commands if they name none
 * that exists, because the error then suggests one.
 *
 * @param commands all commands
 * @param given the arguments, without runtime and script
 */
export async function program(
  commands: readonly ListedCommand[],
  given: readonly string[],
): Promise<Command> {
  const laneway = new Command("laneway").version(ownVersion());
  laneway.helpInformation = () => overview(commands, process.stdout.columns ?? 80);
  const [first, second] = given.filter((word) => !word.startsWith("-"));
  const name = first === "help" ? second : first;
  const named = commands.filter(({ usage }) => usage.split(" ", 1)[0] === name);
  const isKnown = named.length > 0 && name !== undefined && !NEEDS_ALL.has(name);
  for (const { usage, summary, load } of isKnown ? named : commands) {
    const loaded = [await load()].flat() as readonly Command[];
    const command = loaded.find((one) => one.name() === usage.split(" ", 1)[0]);
    if (command !== undefined) laneway.addCommand(command.description(summary));
  }
  throwing(laneway);
  return laneway;
}
