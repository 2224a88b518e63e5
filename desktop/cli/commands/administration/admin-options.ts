/** The common options of administration commands, and the client created from them. */
import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import type { z } from "zod";
import { Fault, usage } from "../../../../shared/values/fault.ts";
import { AdminClient } from "../../../agent/admin-client.ts";
import { parseRelayUrl, type ReachOptions, reachOf, reachOptions } from "../../up/relay-url.ts";

/** The common options of administration commands. */
export interface AdminOptions extends ReachOptions {
  readonly relay?: string;
  readonly adminTokenFile?: string;
  readonly tenant: string;
  readonly json?: boolean;
}

/** Adds the common options of administration commands. */
export function adminOptions(command: Command): Command {
  const administering = command
    .addOption(new Option("--relay <url>", "the relay to administer").env("LANEWAY_RELAY"))
    .option(
      "--admin-token-file <file>",
      "its administrator's token (or LANEWAY_ADMIN_TOKEN, the token itself)",
    );
  return reachOptions(administering).option("--json", "print JSON, one object per line");
}

/** Adds `--tenant`. */
export function tenantOption(command: Command): Command {
  return command.option("--tenant <name>", "the tenant", "default");
}

/** @throws Fault if the relay or token is missing, or the file is unreadable */
export function adminClient(options: AdminOptions): AdminClient {
  if (options.relay === undefined) {
    throw usage("usage.relay", "no relay is named", "Name it with --relay URL, or set LANEWAY_RELAY.");
  }
  const relay = parseRelayUrl(options.relay);
  return new AdminClient(relay.url, adminToken(options.adminTokenFile), reachOf(options, relay));
}

/**
 * Returns a parser for an option's value: a decimal whole number.
 *
 * @param option the option's name, such as `--macs`
 * @param from the minimum, 0 or 1
 * @param digits the maximum number of digits
 * @returns a parser that throws a Fault for anything else
 */
export function wholeNumber(
  option: string,
  { from = 0, digits = 9 }: { from?: 0 | 1; digits?: number } = {},
): (text: string) => number {
  const pattern = new RegExp(from === 0 ? `^\\d{1,${digits}}$` : `^[1-9]\\d{0,${digits - 1}}$`);
  return (text) => {
    if (pattern.test(text)) return Number(text);
    const hint = `Write a whole number${from === 0 ? "" : " from 1 on"}.`;
    throw usage("usage.number", `'${text}' is not a number for ${option}`, hint);
  };
}

/** Returns the range of a numeric field of the API, for help texts. */
export function rangeText({ minValue, maxValue }: z.ZodNumber): string {
  return `${minValue} to ${maxValue}`;
}

function adminToken(file: string | undefined): string {
  const given = process.env["LANEWAY_ADMIN_TOKEN"];
  if (file === undefined) {
    if (given !== undefined && given.trim() !== "") return given.trim();
    throw usage(
      "usage.admin-token",
      "no administrator's token is named",
      "Name its file with --admin-token-file (the relay printed it when it started), or set LANEWAY_ADMIN_TOKEN.",
    );
  }
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Fault({
      code: "admin.token-file",
      message: `the administrator's token file '${file}' can't be read: ${error instanceof Error ? error.message : error}`,
      hint: "Name the admin.token in the relay's data directory, as a user who may read it.",
      cause: error,
    });
  }
}
