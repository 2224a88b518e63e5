/** Judges what a network brings for this machine's interface, right before it is set. */
import { type Cidr, formatCidr, overlaps, parseCidr } from "../../../shared/frame/cidr.ts";
import type { NetworkOffer } from "../../../shared/protocol/control.ts";
import { type NameServers, reachableServers } from "../network/resolved.ts";
import { formatNetwork, hostOf, isPrivate, serversWithin } from "./address.ts";
import { domainsOverlap } from "./domain.ts";
import { type Claim, type MachineState, readMachine } from "./machine.ts";
import { type Refusal, refusedValue } from "./refusal.ts";

/** What an interface is given. */
export interface JudgedInterface {
  /** CIDRs. */
  readonly address: string | undefined;
  readonly address6: string | undefined;
  readonly names: NameServers | undefined;
  readonly refusals: readonly Refusal[];
}

export interface JudgeInterfaceOptions {
  /** The network's values, each of them within bounds; see welcome.ts. */
  readonly offer: NetworkOffer;
  /** What the user has said in place of the relay's addresses: a CIDR, or `none`. */
  readonly address: string | undefined;
  /** Whether the interface can have IPv6. */
  readonly ipv6: boolean;
  /** Whether the user lets the network take what this machine reaches in other ways. */
  readonly allowOverlap: boolean;
  /** The relay's own addresses, which are reached outside of its networks. */
  readonly relay: readonly string[];
  /** The interface that is made or taken over. */
  readonly tap: string | undefined;
  readonly signal: AbortSignal;
}

const HINT =
  "Use --allow-overlap with 'laneway up' if the network is to have it, or ask the relay's operator.";

/**
 * Judges the addresses and name servers for one interface by what this machine has now.
 *
 * @param read reads the machine's state, {@link readMachine} unless told
 * @throws Fault where the machine's state can't be read; the signal's reason
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
    // What the user has said is not the relay's word.
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

/** What there is to judge of a network whose interface has no address: then no name server is asked, only shown. */
export function nothingOf({ dns }: NetworkOffer): JudgedInterface {
  return { address: undefined, address6: undefined, names: dns, refusals: [] };
}

const EMPTY: MachineState = { claims: [], domains: [] };

/** @returns why a network is refused, a clause after "it"; undefined where it is not */
function whyNot(cidr: Cidr, { claims }: MachineState, relay: readonly string[]): string | undefined {
  const reached: Claim[] = relay.flatMap((text) => {
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
  // A version that the interface has no address of can't be asked, and that says nothing against the relay.
  const asked = reachableServers(dns.servers, own.map(formatCidr));
  const servers = serversWithin(asked, own);
  for (const server of asked) {
    if (!servers.includes(server)) {
      refusals.push(refusedValue(name, "the DNS server", server, "is not a machine of the network"));
    }
  }
  return servers.length === 0 ? undefined : { servers, domain: dns.domain };
}
