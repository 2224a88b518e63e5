/**
 * How commands report a misused command line: as every other fault, one line for the problem and one for the next step.
 */
import { type Command, CommanderError } from "commander";
import { withoutLogins } from "../shared/api/relay-address.ts";
import { explain, usage } from "../shared/values/fault.ts";

/** Makes a command and all its subcommands throw usage errors, which {@link explainCommand} formats. */
export function throwing(command: Command): Command {
  for (const child of command.commands) throwing(child);
  return command.exitOverride().configureOutput({ outputError: () => {} });
}

/**
 * Returns the text to print and the exit code for an error that ended a command. Help and version are already printed.
 */
export function explainCommand(error: unknown): { readonly text: string; readonly exitCode: number } {
  const { text, exitCode } = explanation(error);
  return { text: withoutLogins(withoutInvites(text)), exitCode };
}

/**
 * Returns the text without the secrets of invites. Messages quote what the user typed, and an invite link may be
 * anywhere in it: an extra argument, an unknown option, a URL of the wrong kind.
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
