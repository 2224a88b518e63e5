/** Hands the name server of a network to systemd-resolved, by its own command. */
import { execFile } from "node:child_process";
import { parseCidr } from "../../../shared/frame/cidr.ts";
import { ownReverseZones } from "../../../shared/values/reverse-name.ts";

/** Who knows the names in a network. */
export interface NameServers {
  /** Addresses in the network. */
  readonly servers: readonly string[];
  /** Under which the names are. */
  readonly domain: string;
}

export interface ResolvedOptions extends NameServers {
  /** The interface; what it is told of is forgotten with it. */
  readonly link: string;
  /** The interface's own addresses, CIDRs: their subnets' names are asked for there too. */
  readonly addresses: readonly string[];
  readonly signal: AbortSignal;
  /** The program, `resolvectl` unless told. */
  readonly resolvectl?: string;
}

/** Milliseconds that it may take: on a bus where nobody answers it waits for a minute and a half. */
const ANSWER_MS = 5_000;

/** Zones of reverse names that one interface may have: a /20 has 16. */
const MAX_REVERSE_ZONES = 16;

/**
 * Has systemd-resolved ask a network's name servers for the names in its domain and for those of its addresses, and for
 * nothing else. A name of one label is looked for in that domain too.
 *
 * @returns whether it does; where there is no systemd-resolved, or it will not, nothing has come of it
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
  // The domain first: until it has the server's address, nobody is asked anything, and from then on no more than this.
  return (
    (await run(["default-route", link, "false"], options)) &&
    (await run(["domain", link, domain, ...reverse.map((zone) => `~${zone}`)], options)) &&
    (await run(["dns", link, ...reachable], options))
  );
}

/** Those of an IP version that the interface has an address of. */
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
