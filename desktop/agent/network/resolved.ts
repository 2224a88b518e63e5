/** Configures a network's name server in systemd-resolved, by `resolvectl`. */
import { execFile } from "node:child_process";
import { parseCidr } from "../../../shared/frame/cidr.ts";
import { ownReverseZones } from "../../../shared/values/reverse-name.ts";

/** The name servers of a network. */
export interface NameServers {
  /** Addresses in the network. */
  readonly servers: readonly string[];
  /** The domain of the names. */
  readonly domain: string;
}

export interface ResolvedOptions extends NameServers {
  /** The interface; its settings disappear with it. */
  readonly link: string;
  /** The interface's own addresses, CIDRs: reverse names of their subnets are asked there too. */
  readonly addresses: readonly string[];
  readonly signal: AbortSignal;
  /** The program; `resolvectl` by default. */
  readonly resolvectl?: string;
}

/** Maximum time for it, in milliseconds: on a bus without an answer it waits a minute and a half. */
const ANSWER_MS = 5_000;

/** Maximum reverse zones of one interface: a /20 has 16. */
const MAX_REVERSE_ZONES = 16;

/**
 * Makes systemd-resolved ask a network's name servers for names in its domain and for names of its addresses, and
 * nothing else. Names of one label are searched in that domain too.
 *
 * @returns whether it is configured; without systemd-resolved, or if it refuses, nothing is changed
 * @throws the signal's reason
 */
export async function tellResolved(options: ResolvedOptions): Promise<boolean> {
  const { link, servers, domain, addresses } = options;
  const reverse = addresses.flatMap((address) => {
    const cidr = parseCidr(address);
    return cidr === undefined ? [] : ownReverseZones(cidr, MAX_REVERSE_ZONES);
  });
  const reachable = reachableServers(servers, addresses);
  if (reachable.length === 0) return false;
  // Sets the domain first, so that the server is never asked for other names.
  return (
    (await run(["default-route", link, "false"], options)) &&
    (await run(["domain", link, domain, ...reverse.map((zone) => `~${zone}`)], options)) &&
    (await run(["dns", link, ...reachable], options))
  );
}

/** Returns the servers of an IP version in which the interface has an address. */
export function reachableServers(servers: readonly string[], addresses: readonly string[]): string[] {
  return servers.filter((server) =>
    addresses.some((address) => address.includes(":") === server.includes(":")),
  );
}

function run(
  args: readonly string[],
  { signal, resolvectl = "resolvectl" }: ResolvedOptions,
): Promise<boolean> {
  const timeout = AbortSignal.timeout(ANSWER_MS);
  return new Promise((resolve, reject) => {
    execFile(resolvectl, args, { signal: AbortSignal.any([signal, timeout]) }, (error) => {
      if (signal.aborted) reject(signal.reason);
      else resolve(error === null);
    });
  });
}
