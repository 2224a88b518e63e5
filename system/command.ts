/** How a command line that was misused tells so: as every other fault, by one line of what and one of what to do. */
import { type Command, CommanderError } from "commander";
import { withoutLogins } from "../shared/api/relay-address.ts";
import { explain, usage } from "../shared/values/fault.ts";

/** Has a command and all below it throw what is wrong, for {@link explainCommand} to tell. */
export function throwing(command: Command): Command {
  for (const child of command.commands) throwing(child);
  return command.exitOverride().configureOutput({ outputError: () => {} });
}

/** What to print for whatever ended a command, and how to exit. Help and version were printed already. */
export function explainCommand(error: unknown): { readonly text: string; readonly exitCode: number } {
  const { text, exitCode } = explanation(error);
  return { text: withoutLogins(withoutInvites(text)), exitCode };
}

/**
 * The same without the secrets of invites. Messages quote what was typed, and an invite's link may stand anywhere in
 * it: as an argument too many, an option that there is not, a URL of the wrong kind.
 */
export function withoutInvites(text: string): string {
  return text.replaceAll(/(?<=#|%23|[\s'"=]|^)(v1\.[^.\s]*)\.[\w-]{16,}/g, "$1.…");
}

function explanation(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (!(error instanceof CommanderError)) return explain(error);
  if (error.exitCode === 0) return { text: "", exitCode: 0 };
  const what =
    error.code === "commander.help" ? "no command is named" : error.message.replace(/^error: /, "");
  return explain(usage(error.code, what, "See 'laneway --help', or 'laneway COMMAND --help'."));
}
