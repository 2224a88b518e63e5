/** What every command takes that administers a relay, and the client that it comes to. */
import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { Fault, usage } from "../../../../shared/values/fault.ts";
import { AdminClient } from "../../../agent/admin-client.ts";
import { parseRelayUrl, type ReachOptions, reachOf, reachOptions } from "../../up/relay-url.ts";

/** What every administration command takes. */
export interface AdminOptions extends ReachOptions {
  readonly relay?: string;
  readonly adminTokenFile?: string;
  readonly tenant: string;
  readonly json?: boolean;
}

/** Adds what every administration command takes. */
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

/** @throws Fault where relay or token are not named, or the file can't be read */
export function adminClient(options: AdminOptions): AdminClient {
  if (options.relay === undefined) {
    throw usage("usage.relay", "no relay is named", "Name it with --relay URL, or set LANEWAY_RELAY.");
  }
  const relay = parseRelayUrl(options.relay);
  return new AdminClient(relay.url, adminToken(options.adminTokenFile), reachOf(options, relay));
}

/**
 * Reads the value of `--macs`: how many MAC addresses a session may have.
 *
 * @throws Fault unless the text is a whole number from 1 on
 */
export function macsNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usage("usage.number", `'${text}' is not a number for --macs`, "Write a whole number from 1 on.");
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
