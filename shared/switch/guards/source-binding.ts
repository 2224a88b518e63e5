import type { IpAddress } from "../../frame/address.ts";
import { ARP_BYTES } from "../../frame/arp.ts";
import { readUint16, readUint32 } from "../../frame/bytes.ts";
import {
  ETHERNET_SOURCE_OFFSET,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
} from "../../frame/ethernet.ts";
import { PROTOCOL_IGMP } from "../../frame/groups/igmp.ts";
import { DHCP_CLIENT_PORT, DHCP_SERVER_PORT } from "../../frame/ip/dhcp.ts";
import { PROTOCOL_ICMPV6 } from "../../frame/ip/ipv4.ts";
import { readMac } from "../../frame/mac.ts";
import { Budget, BudgetShares } from "../budget.ts";
import type { DropReason } from "../drops.ts";
import { type FrameView, UNREADABLE } from "../policy/frame-view.ts";
import type { Port } from "../port.ts";

/** A machine behind a port, as its VTEP registered it. */
export interface BoundEndpoint {
  readonly mac: number;
  readonly addresses: readonly IpAddress[];
}

/** Greatest number of IP addresses, and of MAC addresses, that a port may bind: 64 machines with four each. */
export const MAX_BOUND = 256;

/** Number of these that do not count towards the tenant, because the port itself takes more memory. */
const UNCOUNTED = 8;

const MLD_REPORT = 131;
const MLD_DONE = 132;
const ROUTER_SOLICITATION = 133;
const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;
const MLD2_REPORT = 143;

/** Offsets of the target and of the options in a neighbour solicitation or advertisement (RFC 4861 section 4.3). */
const TARGET_OFFSET = 8;
const OPTIONS_OFFSET = 24;
const SOURCE_LINK_LAYER_ADDRESS = 1;
const TARGET_LINK_LAYER_ADDRESS = 2;

/**
 * Drops frames whose source is not registered for the port, so that no machine can pose as another.
 *
 * - The source MAC address must be the port's in every frame.
 * - ARP: the sender's MAC address too. Its IP address must be the port's, or 0.0.0.0 in a probe (RFC 5227).
 * - IPv4: the source must be the port's, or 0.0.0.0 in IGMP and in messages of DHCP clients. Addresses in 169.254/16 must
 *   be registered like any other.
 * - IPv6: the source must be the port's, the link-local address made of the frame's MAC address (RFC 4291 appendix A), or
 *   :: in messages that precede an address. Other link-local addresses (RFC 7217) must be registered, or any machine
 *   could pose as the router. The target of a neighbour advertisement, and of a solicitation without a source (duplicate
 *   address detection), must be such an address too. The link-layer addresses in both must be the port's. Both are
 *   dropped in fragments, which machines ignore anyway (RFC 6980).
 * - For other EtherTypes only the MAC address counts.
 *
 * Addresses belong to the port and not to one of its MAC addresses, because the port's owner controls all machines behind
 * it. A port that registered nothing may send nothing, not even DHCP: requests from invented MAC addresses exhaust address
 * pools. A machine with only its MAC address registered can get an address by DHCP and probe it, and use it once it is
 * registered.
 *
 * The caller checks whether a port may register an address.
 */
export class SourceBinding {
  readonly #ports = new Map<Port, Bound>();
  readonly #shares: BudgetShares<Port>;

  /** @param budget the segment's, in addresses */
  constructor(budget: Budget = new Budget(Number.POSITIVE_INFINITY)) {
    this.#shares = new BudgetShares(2 * MAX_BOUND, [budget]);
  }

  /**
   * Binds a port to these endpoints alone.
   *
   * @returns false, with nothing changed, if they are more than {@link MAX_BOUND} or the budget has no room
   */
  bind(port: Port, endpoints: readonly BoundEndpoint[]): boolean {
    const addresses = endpoints.flatMap((endpoint) => endpoint.addresses);
    if (endpoints.length > MAX_BOUND || addresses.length > MAX_BOUND) return false;
    const more = Math.max(0, endpoints.length + addresses.length - UNCOUNTED) - this.#shares.of(port);
    if (more > 0 && !this.#shares.take(port, more)) return false;
    if (more < 0) this.#shares.give(port, -more);
    this.#ports.set(port, new Bound(endpoints, addresses));
    return true;
  }

  detach(port: Port): void {
    this.#ports.delete(port);
    this.#shares.give(port, this.#shares.of(port));
  }

  /** Returns why a frame must not go on, or undefined if it may. */
  check(from: Port, view: FrameView): DropReason | undefined {
    const bound = this.#ports.get(from);
    if (bound === undefined || view.etherType === UNREADABLE) return "source-binding";
    const passes = bound.hasMac(view.source) && isOwn(bound, view);
    return passes ? undefined : "source-binding";
  }
}

/** The addresses that one port may use. */
class Bound {
  readonly #macs: ReadonlySet<number>;
  readonly #ipv4: ReadonlySet<number>;
  /** Four words each, because a bigint would be an allocation per frame. */
  readonly #ipv6: Uint32Array;

  constructor(endpoints: readonly BoundEndpoint[], addresses: readonly IpAddress[]) {
    this.#macs = new Set(endpoints.map(({ mac }) => mac));
    this.#ipv4 = new Set(addresses.filter((address) => typeof address === "number"));
    this.#ipv6 = Uint32Array.from(
      addresses
        .filter((address) => typeof address === "bigint")
        .flatMap((address) => [96n, 64n, 32n, 0n].map((shift) => Number((address >> shift) & 0xffff_ffffn))),
    );
  }

  hasMac(mac: number): boolean {
    return this.#macs.has(mac);
  }

  hasIpv4(bytes: Uint8Array, offset: number): boolean {
    return this.#ipv4.has(readUint32(bytes, offset));
  }

  hasIpv6(bytes: Uint8Array, offset: number): boolean {
    const words = this.#ipv6;
    const last = readUint32(bytes, offset + 12);
    for (let at = 0; at < words.length; at += 4) {
      // Compares the last word first, because it differs most often.
      if (
        words[at + 3] === last &&
        words[at] === readUint32(bytes, offset) &&
        words[at + 1] === readUint32(bytes, offset + 4) &&
        words[at + 2] === readUint32(bytes, offset + 8)
      ) {
        return true;
      }
    }
    return false;
  }
}

function isOwn(bound: Bound, view: FrameView): boolean {
  switch (view.etherType) {
    case ETHERTYPE_IPV4:
      return isOwnIpv4(bound, view);
    case ETHERTYPE_IPV6:
      return isOwnIpv6(bound, view);
    case ETHERTYPE_ARP:
      return isOwnArp(bound, view);
    default:
      return true;
  }
}

function isOwnArp(bound: Bound, { bytes, payload, end }: FrameView): boolean {
  if (payload + ARP_BYTES > end) return false;
  // Only ARP for Ethernet and IPv4 passes.
  if (readUint32(bytes, payload) !== 0x0001_0800 || readUint16(bytes, payload + 4) !== 0x0604) return false;
  if (!bound.hasMac(readMac(bytes, payload + 8))) return false;
  return readUint32(bytes, payload + 14) === 0 || bound.hasIpv4(bytes, payload + 14);
}

function isOwnIpv4(bound: Bound, view: FrameView): boolean {
  const { bytes, ip, protocol, ipSource, sourcePort, destinationPort } = view;
  if (ip !== 4 || protocol === UNREADABLE) return false;
  if (bound.hasIpv4(bytes, ipSource)) return true;
  if (readUint32(bytes, ipSource) !== 0) return false;
  if (protocol === PROTOCOL_IGMP) return true;
  return sourcePort === DHCP_CLIENT_PORT && destinationPort === DHCP_SERVER_PORT;
}

function isOwnIpv6(bound: Bound, view: FrameView): boolean {
  const { bytes, ip, protocol, ipSource, transport, packetEnd, fragment } = view;
  if (ip !== 6 || protocol === UNREADABLE) return false;
  const isUnspecified = isZero(bytes, ipSource);
  if (!isUnspecified && !isOwnAddress(bound, view, ipSource)) return false;
  if (protocol !== PROTOCOL_ICMPV6 || fragment === "later") return !isUnspecified;
  if (transport >= packetEnd) return false;
  switch (bytes[transport]) {
    case NEIGHBOUR_SOLICITATION:
      return isOwnNeighbour(bound, view, isUnspecified);
    case NEIGHBOUR_ADVERTISEMENT:
      return isOwnNeighbour(bound, view, true);
    case ROUTER_SOLICITATION:
    case MLD_REPORT:
    case MLD_DONE:
    case MLD2_REPORT:
      return true;
    default:
      return !isUnspecified;
  }
}

/** Returns whether the MAC addresses in a neighbour solicitation or advertisement, and its target if asked, are the port's. */
function isOwnNeighbour(bound: Bound, view: FrameView, ownTarget: boolean): boolean {
  const { bytes, transport, packetEnd, fragment } = view;
  const target = transport + TARGET_OFFSET;
  let option = transport + OPTIONS_OFFSET;
  if (fragment !== "none" || option > packetEnd) return false;
  if (ownTarget && !isOwnAddress(bound, view, target)) return false;
  while (option + 8 <= packetEnd) {
    const type = bytes[option];
    const namesMac = type === SOURCE_LINK_LAYER_ADDRESS || type === TARGET_LINK_LAYER_ADDRESS;
    if (namesMac && !bound.hasMac(readMac(bytes, option + 2))) return false;
    const length = bytes[option + 1] ?? 0;
    // Machines ignore such a message (RFC 4861 section 4.6).
    if (length === 0) return false;
    option += length * 8;
  }
  return true;
}

function isOwnAddress(bound: Bound, view: FrameView, address: number): boolean {
  return (
    isMadeOfMac(view.bytes, address, view.frame + ETHERNET_SOURCE_OFFSET) ||
    bound.hasIpv6(view.bytes, address)
  );
}

function isZero(bytes: Uint8Array, address: number): boolean {
  return (
    readUint32(bytes, address) === 0 &&
    readUint32(bytes, address + 4) === 0 &&
    readUint32(bytes, address + 8) === 0 &&
    readUint32(bytes, address + 12) === 0
  );
}

/** Returns whether the address is fe80::/64 with the modified EUI-64 of the MAC address at `mac`. */
function isMadeOfMac(bytes: Uint8Array, address: number, mac: number): boolean {
  return (
    readUint32(bytes, address) === 0xfe80_0000 &&
    readUint32(bytes, address + 4) === 0 &&
    readUint16(bytes, address + 8) === (readUint16(bytes, mac) ^ 0x0200) &&
    readUint16(bytes, address + 10) === (((bytes[mac + 2] ?? 0) << 8) | 0xff) &&
    readUint16(bytes, address + 12) === (0xfe00 | (bytes[mac + 3] ?? 0)) &&
    readUint16(bytes, address + 14) === readUint16(bytes, mac + 4)
  );
}
