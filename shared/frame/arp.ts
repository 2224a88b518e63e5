/**
 * ARP for IPv4 over Ethernet, RFC 826:
 *
 * ```
 *  0       2       4   5   6       8               14          18              24          28
 *  +-------+-------+---+---+-------+---------------+-----------+---------------+-----------+
 *  | hw 1  | 0x0800| 6 | 4 |  op   |  sender MAC   | sender IP |  target MAC   | target IP |
 *  +-------+-------+---+---+-------+---------------+-----------+---------------+-----------+
 * ```
 */
import {
  hasRoom,
  holds,
  isField,
  readUint16,
  readUint32,
  type Written,
  writeUint16,
  writeUint32,
} from "./bytes.ts";
import { ETHERTYPE_IPV4 } from "./ethernet.ts";
import { BROADCAST_MAC, MAC_BYTES, readMac, writeMac } from "./mac.ts";
import { Malformed } from "./malformed.ts";

/** Length of a packet in bytes; what follows in a frame is padding. */
export const ARP_BYTES = 28;

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;

const HARDWARE_ETHERNET = 1;
const IPV4_BYTES = 4;

/** The fields of an ARP packet; addresses are numbers. */
export interface Arp {
  /** {@link ARP_REQUEST}, {@link ARP_REPLY} or another assigned operation. */
  readonly operation: number;
  readonly senderMac: number;
  readonly senderAddress: number;
  readonly targetMac: number;
  readonly targetAddress: number;
}

/** Decodes the packet at the start of [start, end). Never throws; ARP for other networks is `bad-type`. */
export function decodeArp(bytes: Uint8Array, start: number, end: number): Arp | Malformed {
  if (!holds(bytes, start, end, ARP_BYTES)) return new Malformed("arp", "truncated");
  if (readUint16(bytes, start) !== HARDWARE_ETHERNET || readUint16(bytes, start + 2) !== ETHERTYPE_IPV4) {
    return new Malformed("arp", "bad-type");
  }
  if (bytes[start + 4] !== MAC_BYTES || bytes[start + 5] !== IPV4_BYTES) {
    return new Malformed("arp", "bad-length");
  }
  return {
    operation: readUint16(bytes, start + 6),
    senderMac: readMac(bytes, start + 8),
    senderAddress: readUint32(bytes, start + 14),
    targetMac: readMac(bytes, start + 18),
    targetAddress: readUint32(bytes, start + 24),
  };
}

/** Writes `arp` at `offset` and returns the offset after it; undefined for a field out of range. */
export function encodeArp(bytes: Uint8Array, offset: Written, arp: Arp): Written {
  if (!hasRoom(bytes, offset, ARP_BYTES) || !isField(arp.operation, 0xffff)) return undefined;
  if (!isField(arp.senderMac, BROADCAST_MAC) || !isField(arp.senderAddress, 0xffff_ffff)) return undefined;
  if (!isField(arp.targetMac, BROADCAST_MAC) || !isField(arp.targetAddress, 0xffff_ffff)) return undefined;

  writeUint16(bytes, offset, HARDWARE_ETHERNET);
  writeUint16(bytes, offset + 2, ETHERTYPE_IPV4);
  bytes[offset + 4] = MAC_BYTES;
  bytes[offset + 5] = IPV4_BYTES;
  writeUint16(bytes, offset + 6, arp.operation);
  writeMac(bytes, offset + 8, arp.senderMac);
  writeUint32(bytes, offset + 14, arp.senderAddress);
  writeMac(bytes, offset + 18, arp.targetMac);
  writeUint32(bytes, offset + 24, arp.targetAddress);
  return offset + ARP_BYTES;
}
