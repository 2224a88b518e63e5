import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { parseRelayAddress, type RelayAddress, withoutLogins } from "../../../shared/api/relay-address.ts";
import { type Fault, usage } from "../../../shared/values/fault.ts";
import { NO_PROXY, parseProxy } from "../../agent/reach/proxy.ts";
import { CA_CHARACTERS, type Reach } from "../../agent/reach/reach.ts";
import { noCertificate, readCertificates } from "../../agent/reach/trust.ts";

/** Reads a relay's URL; `ws` and `wss` mean `http` and `https`. @throws Fault `usage.relay` */
export function parseRelayUrl(text: string): RelayAddress {
  const relay = parseRelayAddress(text);
  if (relay !== undefined) return relay;
  throw usage(
    "usage.relay",
    `'${withoutLogins(text)}' is not an http(s) URL`,
    "Write it as https://relay.example, or as 'laneway relay' prints it.",
  );
}

/** Returns the fault of a command that was given no relay. */
export function noRelay(): Fault {
  return usage("usage.relay", "no relay is named", "Name it with --relay URL, or set LANEWAY_RELAY.");
}

/** Options of every command that talks to a relay. */
export interface ReachOptions {
  /** An HTTP proxy's URL, or `none`. */
  readonly proxy?: string;
  /** Certificates in PEM. */
  readonly ca?: string;
}

/** Adds `--proxy` and `--ca`. */
export function reachOptions(command: Command): Command {
  return command
    .option(
      "--proxy <url|none>",
      "the HTTP proxy on the way to the relay, http://[USER:PASSWORD@]HOST:PORT (default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY)",
      readProxy,
    )
    .option("--ca <file>", "authorities to trust in addition to the system's, in PEM", readCa);
}

/** Checks a proxy's URL. @throws Fault `usage.proxy` */
export function readProxy(text: string): string {
  if (text !== NO_PROXY) parseProxy(text);
  return text;
}

/** Returns how to reach the relay by these options. */
export function reachOf(options: ReachOptions, relay?: Omit<RelayAddress, "url">): Reach {
  const { proxy, ca } = options;
  return { login: relay?.login, zone: relay?.zone, proxy, ca };
}

/** Returns only the given options, in the form for the agent. */
export function wayOf({ proxy, ca }: ReachOptions): ReachOptions {
  return { ...(proxy !== undefined && { proxy }), ...(ca !== undefined && { ca }) };
}

function readCa(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw usage(
      "usage.ca",
      `'${file}' can't be read: ${error instanceof Error ? error.message : error}`,
      "Name a file of certificates in PEM, as a user who may read it.",
    );
  }
  // Without comments and keys, which bundles may contain.
  const certificates = readCertificates(text).join("\n");
  if (certificates === "") throw noCertificate(`'${file}'`);
  if (certificates.length <= CA_CHARACTERS) return certificates;
  throw usage(
    "usage.ca",
    `'${file}' has ${certificates.length} characters of certificates, and ${CA_CHARACTERS} are kept at most`,
    "Name a file with your own authorities alone: those of the system are trusted already.",
  );
}
