/** Judges a network's values for this machine's interface, right before they are set. */
import { type Cidr, formatCidr, overlaps, parseCidr } from "../../../shared/frame/cidr.ts";
import type { NetworkOffer } from "../../../shared/protocol/control.ts";
import { type NameServers, reachableServers } from "../network/resolved.ts";
import { formatNetwork, hostOf, isPrivate, serversWithin } from "./address.ts";
import { domainsOverlap } from "./domain.ts";
import { type ClaimedNetwork, type MachineState, readMachine } from "./machine.ts";
import { type Refusal, refusedValue } from "./refusal.ts";

/** The accepted values for an interface. */
export interface JudgedInterface {
  /** CIDRs. */
  readonly address: string | undefined;
  readonly address6: string | undefined;
  readonly names: NameServers | undefined;
  readonly refusals: readonly Refusal[];
}

export interface JudgeInterfaceOptions {
  /** The network's values, each within its bounds; see welcome.ts. */
  readonly offer: NetworkOffer;
  /** The user's choice instead of the relay's addresses: a CIDR, or `none`. */
  readonly address: string | undefined;
  /** Whether the interface can have IPv6. */
  readonly ipv6: boolean;
  /** Whether the user allows the network to overlap with what this machine reaches otherwise. */
  readonly allowOverlap: boolean;
  /** The relay's own addresses, which must stay reachable outside of its networks. */
  readonly relay: readonly string[];
  /** The interface that is created or taken over. */
  readonly tap: string | undefined;
  readonly signal: AbortSignal;
}

const HINT = "Allow it with 'laneway up --allow-overlap', or ask the relay's operator.";

/**
 * Judges the addresses and name servers for one interface by this machine's current state.
 *
 * @param read reads the machine's state; {@link readMachine} by default
 * @throws Fault if the machine's state can't be read; the signal's reason
 */
export async function judgeInterface(
  options: JudgeInterfaceOptions,
  read: typeof readMachine = readMachine,
): Promise<JudgedInterface> {
  const { offer, address: own, ipv6, allowOverlap, relay, tap, signal } = options;
  const given =
    own === undefined
      ? [offer.address, ipv6 ? offer.address6 : undefined]
      : [own === "none" ? undefined : own];
  if (given.every((one) => one === undefined)) return nothingOf(offer);
  const refusals: Refusal[] = [];
  const machine = allowOverlap ? EMPTY : await read({ except: tap, signal });
  const judge = (text: string | undefined) => {
    const cidr = text === undefined ? undefined : parseCidr(text);
    // The user's own choice is not judged.
    const why =
      cidr === undefined || own !== undefined || allowOverlap ? undefined : whyNot(cidr, machine, relay);
    if (why === undefined) return text;
    refusals.push(refusedValue(offer.name, "the address", text, why, HINT));
    return undefined;
  };
  const [address, address6] = given.map(judge);
  const cidrs = [address, address6].flatMap((text) => parseCidr(text ?? "") ?? []);
  const names = cidrs.length === 0 ? undefined : judgeNames(offer, cidrs, machine, refusals);
  return { address, address6, names, refusals };
}

/** Returns the values for an interface without an address: its name servers are shown but not used. */
export function nothingOf({ dns }: NetworkOffer): JudgedInterface {
  return { address: undefined, address6: undefined, names: dns, refusals: [] };
}

const EMPTY: MachineState = { claims: [], domains: [] };

/** Returns why a network is refused, a clause after "it"; undefined if it is not */
function whyNot(cidr: Cidr, { claims }: MachineState, relay: readonly string[]): string | undefined {
  const reached: ClaimedNetwork[] = relay.flatMap((text) => {
    const host = hostOf(text.replace(/^::ffff:(?=[\d.]+$)/, ""));
    return host === undefined ? [] : [{ cidr: host, what: "the relay itself is in it" }];
  });
  const claim = [...reached, ...claims].find((one) => overlaps(one.cidr, cidr));
  const network = formatNetwork(cidr);
  if (claim !== undefined) return `would take over ${network}, and ${claim.what}`;
  if (!isPrivate(cidr)) return `would take over ${network}, which is a part of the Internet`;
  return undefined;
}

function judgeNames(
  { name, dns }: NetworkOffer,
  own: readonly Cidr[],
  { domains }: MachineState,
  refusals: Refusal[],
): NameServers | undefined {
  if (dns === undefined) return undefined;
  const taken = domains.find(({ domain }) => domainsOverlap(domain, dns.domain));
  if (taken !== undefined) {
    refusals.push(refusedValue(name, "the domain", dns.domain, `overlaps: ${taken.what}`, HINT));
    return undefined;
  }
  // Servers of an IP version in which the interface has no address are skipped, which is not the relay's fault.
  const asked = reachableServers(dns.servers, own.map(formatCidr));
  const servers = serversWithin(asked, own);
  for (const server of asked) {
    if (!servers.includes(server)) {
      refusals.push(refusedValue(name, "the DNS server", server, "is not a machine of the network"));
    }
  }
  return servers.length === 0 ? undefined : { servers, domain: dns.domain };
}
