/**
 * Neighbour Discovery for IPv6, RFC 4861 §4: five ICMPv6 messages and their options.
 *
 * ```
 *  0       1       2               4                               8
 *  +-------+-------+---------------+-------------------------------+----------------------
 *  |  133  | code 0|   checksum    |           reserved            | options …
 *  +-------+-------+---------------+-------+-------+---------------+---------------+------
 *  |  134  | code 0|   checksum    | hops  |M|O|   |   lifetime, s | two timers, 8 bytes, options …
 *  +-------+-------+---------------+-------+-------+---------------+----------------------
 *  |  135  | code 0|   checksum    |           reserved            | target, 16 bytes, options …
 *  +-------+-------+---------------+-------------------------------+----------------------
 *  |  136  | code 0|   checksum    |R|S|O|      reserved           | target, 16 bytes, options …
 *  +-------+-------+---------------+-------------------------------+----------------------
 *  |  137  | code 0|   checksum    |           reserved            | target, destination, options …
 *  +-------+-------+---------------+-------------------------------+----------------------
 *
 *  option:  type (1 byte) | length in units of 8 bytes (1 byte) | content
 * ```
 */
import type { Ipv6Address } from "../address.ts";
import {
  hasRoom,
  holds,
  isField,
  isUint128,
  readUint16,
  readUint128,
  type Written,
  writeUint16,
  writeUint32,
  writeUint128,
} from "../bytes.ts";
import { checksum, sumPseudoHeader } from "../checksum.ts";
import { BROADCAST_MAC, MAC_BYTES, readMac, writeMac } from "../mac.ts";
import { Malformed } from "../malformed.ts";
import { PROTOCOL_ICMPV6 } from "./ipv4.ts";
import { decodeIpv6 } from "./ipv6.ts";

/** The hop limit of every such message. A router would have lowered it, so the message comes from this link (§3.1). */
export const ND_HOP_LIMIT = 255;

export const ND_ROUTER_SOLICITATION = 133;
export const ND_ROUTER_ADVERTISEMENT = 134;
export const ND_NEIGHBOUR_SOLICITATION = 135;
export const ND_NEIGHBOUR_ADVERTISEMENT = 136;
export const ND_REDIRECT = 137;

/** Length in bytes of a solicitation or advertisement of a neighbour, without options. */
export const ND_NEIGHBOUR_BYTES = 24;

/** Length in bytes of an option that holds a MAC address. */
export const ND_LINK_ADDRESS_BYTES = 8;

const OPTION_SOURCE_LINK_ADDRESS = 1;
const OPTION_TARGET_LINK_ADDRESS = 2;
/** SEND's signature, RFC 3971 §5.2. */
const OPTION_RSA_SIGNATURE = 12;

const FLAG_ROUTER = 0x80;
const FLAG_SOLICITED = 0x40;
const FLAG_OVERRIDE = 0x20;

/** The common fields of all five messages, and the fields of the IPv6 header that a receiver checks. */
interface NdCommon {
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
  /** The caller must reject any other than {@link ND_HOP_LIMIT}, and check the checksum. */
  readonly hopLimit: number;
  /** Source link-layer address option, a MAC. */
  readonly sourceMac: number | undefined;
  /** Target link-layer address option, a MAC. */
  readonly targetMac: number | undefined;
  /** Whether the message is signed (SEND, RFC 3971), so that no other machine can forge it. */
  readonly signed: boolean;
  /** The ICMPv6 message is [payload, end), for `isIcmpv6Intact`. */
  readonly payload: number;
  readonly end: number;
}

export interface RouterSolicitation extends NdCommon {
  readonly type: typeof ND_ROUTER_SOLICITATION;
}

export interface RouterAdvertisement extends NdCommon {
  readonly type: typeof ND_ROUTER_ADVERTISEMENT;
  /** In seconds; 0 if the router is no default router. */
  readonly routerLifetime: number;
}

export interface NeighbourSolicitation extends NdCommon {
  readonly type: typeof ND_NEIGHBOUR_SOLICITATION;
  readonly target: Ipv6Address;
}

export interface NeighbourAdvertisement extends NdCommon {
  readonly type: typeof ND_NEIGHBOUR_ADVERTISEMENT;
  readonly target: Ipv6Address;
  readonly router: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
}

export interface Redirect extends NdCommon {
  readonly type: typeof ND_REDIRECT;
  /** The better first hop. */
  readonly target: Ipv6Address;
  /** The destination of the redirected traffic. */
  readonly redirected: Ipv6Address;
}

/** A decoded message. */
export type NeighbourDiscovery =
  | RouterSolicitation
  | RouterAdvertisement
  | NeighbourSolicitation
  | NeighbourAdvertisement
  | Redirect;

/** The fields of an advertisement to encode. */
export type AdvertisementFields = Pick<
  NeighbourAdvertisement,
  "source" | "destination" | "target" | "router" | "solicited" | "override"
> & { readonly targetMac: number };

/** The fields of a solicitation to encode; without `sourceMac` it has no option. */
export type SolicitationFields = Pick<NeighbourSolicitation, "source" | "destination" | "target"> & {
  readonly sourceMac?: number;
};

/**
 * Decodes the IPv6 packet at the start of [start, end) and its message. Never throws. Other packets are `bad-type`, and
 * so are those with extension headers (RFC 6980 forbids the usual one). An option of length 0, or one that exceeds the
 * packet, makes the message invalid (RFC 4861 §4.6, §7.1).
 */
export function decodeNeighbourDiscovery(
  bytes: Uint8Array,
  start: number,
  end: number,
): NeighbourDiscovery | Malformed {
  const packet = decodeIpv6(bytes, start, end);
  if (packet instanceof Malformed) return packet;
  if (packet.nextHeader !== PROTOCOL_ICMPV6) return new Malformed("nd", "bad-type");
  const { payload } = packet;
  const type = packet.end > payload ? (bytes[payload] ?? 0) : 0;
  const fixed = fixedBytes(type);
  if (fixed === undefined) return new Malformed("nd", packet.end > payload ? "bad-type" : "truncated");
  if (packet.end - payload < fixed) return new Malformed("nd", "truncated");
  if (bytes[payload + 1] !== 0) return new Malformed("nd", "bad-type");

  const options = readOptions(bytes, payload + fixed, packet.end);
  if (options instanceof Malformed) return options;
  const { source, destination, hopLimit } = packet;
  const common = { source, destination, hopLimit, ...options, payload, end: packet.end };
  switch (type) {
    case ND_ROUTER_ADVERTISEMENT:
      return { type, ...common, routerLifetime: readUint16(bytes, payload + 6) };
    case ND_NEIGHBOUR_SOLICITATION:
      return { type, ...common, target: readUint128(bytes, payload + 8) };
    case ND_NEIGHBOUR_ADVERTISEMENT: {
      const flags = bytes[payload + 4] ?? 0;
      return {
        type,
        ...common,
        target: readUint128(bytes, payload + 8),
        router: (flags & FLAG_ROUTER) !== 0,
        solicited: (flags & FLAG_SOLICITED) !== 0,
        override: (flags & FLAG_OVERRIDE) !== 0,
      };
    }
    case ND_REDIRECT: {
      const target = readUint128(bytes, payload + 8);
      return { type, ...common, target, redirected: readUint128(bytes, payload + 24) };
    }
    default:
      return { type: ND_ROUTER_SOLICITATION, ...common };
  }
}

/**
 * Writes an advertisement with its target link-layer address option and its checksum at `offset`, and
 * returns the offset after them; undefined for a field out of range.
 */
export function encodeNeighbourAdvertisement(
  bytes: Uint8Array,
  offset: Written,
  fields: AdvertisementFields,
): Written {
  const flags =
    (fields.router ? FLAG_ROUTER : 0) |
    (fields.solicited ? FLAG_SOLICITED : 0) |
    (fields.override ? FLAG_OVERRIDE : 0);
  const option = { type: OPTION_TARGET_LINK_ADDRESS, mac: fields.targetMac };
  return writeNeighbour(bytes, offset, ND_NEIGHBOUR_ADVERTISEMENT, flags, fields, option);
}

/**
 * Writes a solicitation, with a source link-layer address option if `sourceMac` is given, and its checksum
 * at `offset`, and returns the offset after them; undefined for a field out of range.
 */
export function encodeNeighbourSolicitation(
  bytes: Uint8Array,
  offset: Written,
  fields: SolicitationFields,
): Written {
  const { sourceMac } = fields;
  const option = sourceMac === undefined ? undefined : { type: OPTION_SOURCE_LINK_ADDRESS, mac: sourceMac };
  return writeNeighbour(bytes, offset, ND_NEIGHBOUR_SOLICITATION, 0, fields, option);
}

interface LinkAddressOption {
  readonly type: number;
  readonly mac: number;
}

function writeNeighbour(
  bytes: Uint8Array,
  offset: Written,
  type: number,
  flags: number,
  addresses: Pick<NeighbourSolicitation, "source" | "destination" | "target">,
  option: LinkAddressOption | undefined,
): Written {
  const { source, destination, target } = addresses;
  const length = ND_NEIGHBOUR_BYTES + (option === undefined ? 0 : ND_LINK_ADDRESS_BYTES);
  if (!hasRoom(bytes, offset, length) || !isField(option?.mac ?? 0, BROADCAST_MAC)) return undefined;
  if (!isUint128(source) || !isUint128(destination) || !isUint128(target)) return undefined;

  const end = offset + length;
  writeUint32(bytes, offset, type << 24);
  writeUint32(bytes, offset + 4, flags << 24);
  writeUint128(bytes, offset + 8, target);
  if (option !== undefined) {
    bytes[offset + ND_NEIGHBOUR_BYTES] = option.type;
    bytes[offset + ND_NEIGHBOUR_BYTES + 1] = ND_LINK_ADDRESS_BYTES / 8;
    writeMac(bytes, offset + ND_NEIGHBOUR_BYTES + 2, option.mac);
  }
  const sum = sumPseudoHeader(source, destination, PROTOCOL_ICMPV6, length);
  writeUint16(bytes, offset + 2, checksum(bytes, offset, end, sum));
  return end;
}

/** Returns the number of bytes before the options. */
function fixedBytes(type: number): number | undefined {
  if (type === ND_ROUTER_SOLICITATION) return 8;
  if (type === ND_ROUTER_ADVERTISEMENT) return 16;
  if (type === ND_NEIGHBOUR_SOLICITATION || type === ND_NEIGHBOUR_ADVERTISEMENT) return ND_NEIGHBOUR_BYTES;
  if (type === ND_REDIRECT) return 40;
  return undefined;
}

/** Reads the options that fill [start, end). Of several of a kind the first counts. */
function readOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
): Pick<NdCommon, "sourceMac" | "targetMac" | "signed"> | Malformed {
  let sourceMac: number | undefined;
  let targetMac: number | undefined;
  let signed = false;
  for (let at = start; at < end; ) {
    if (!holds(bytes, at, end, 2)) return new Malformed("nd", "truncated");
    const type = bytes[at];
    const length = (bytes[at + 1] ?? 0) * 8;
    if (length === 0) return new Malformed("nd", "bad-length");
    if (length > end - at) return new Malformed("nd", "truncated");
    // A longer option holds the address of another kind of link: RFC 2464 §6 has this length for Ethernet.
    const mac = length === 2 + MAC_BYTES ? readMac(bytes, at + 2) : undefined;
    if (type === OPTION_SOURCE_LINK_ADDRESS) sourceMac ??= mac;
    else if (type === OPTION_TARGET_LINK_ADDRESS) targetMac ??= mac;
    else if (type === OPTION_RSA_SIGNATURE) signed = true;
    at += length;
  }
  return { sourceMac, targetMac, signed };
}
