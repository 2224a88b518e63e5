/** Messages of IGMP and MLD that hosts send: the project itself only sends queries. */
import type { Ipv4Address, Ipv6Address } from "../../../shared/frame/address.ts";
import { writeUint16, writeUint32, writeUint128 } from "../../../shared/frame/bytes.ts";
import { checksum, sumPseudoHeader } from "../../../shared/frame/checksum.ts";
import { PROTOCOL_ICMPV6 } from "../../../shared/frame/ip/ipv4.ts";

export interface SentRecord<Address> {
  readonly type: number;
  readonly group: Address;
  readonly sources: readonly Address[];
}

/** An IGMP report of v1 or v2, or a leave, with its checksum. */
export function membershipMessage(type: number, group: Ipv4Address): Uint8Array {
  const bytes = Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0);
  writeUint32(bytes, 4, group);
  writeUint16(bytes, 2, checksum(bytes, 0, 8));
  return bytes;
}

/** A report of IGMPv3, with its checksum. */
export function igmpRecords(records: readonly SentRecord<Ipv4Address>[]): Uint8Array {
  const bytes = Uint8Array.from([
    ...[0x22, 0, 0, 0, 0, 0, records.length >>> 8, records.length & 0xff],
    ...records.flatMap(({ type, group, sources }) => [
      ...[type, 0, sources.length >>> 8, sources.length & 0xff],
      ...[group, ...sources].flatMap((address) => [
        address >>> 24,
        (address >>> 16) & 0xff,
        (address >>> 8) & 0xff,
        address & 0xff,
      ]),
    ]),
  ]);
  writeUint16(bytes, 2, checksum(bytes, 0, bytes.length));
  return bytes;
}

/** An MLDv1 report (131) or done (132), without its checksum. */
export function listenerMessage(type: number, group: Ipv6Address): Uint8Array {
  const bytes = new Uint8Array(24);
  bytes[0] = type;
  writeUint128(bytes, 8, group);
  return bytes;
}

/** A report of MLDv2, without its checksum. */
export function mldRecords(records: readonly SentRecord<Ipv6Address>[]): Uint8Array {
  const size = records.reduce((sum, { sources }) => sum + 20 + 16 * sources.length, 8);
  const bytes = new Uint8Array(size);
  bytes[0] = 143;
  writeUint16(bytes, 6, records.length);
  let offset = 8;
  for (const { type, group, sources } of records) {
    bytes[offset] = type;
    writeUint16(bytes, offset + 2, sources.length);
    writeUint128(bytes, offset + 4, group);
    offset += 20;
    for (const source of sources) {
      writeUint128(bytes, offset, source);
      offset += 16;
    }
  }
  return bytes;
}

/** Puts the checksum of ICMPv6 into a message. */
export function sealIcmpv6(message: Uint8Array, source: Ipv6Address, destination: Ipv6Address): Uint8Array {
  const sum = sumPseudoHeader(source, destination, PROTOCOL_ICMPV6, message.length);
  writeUint16(message, 2, 0);
  writeUint16(message, 2, checksum(message, 0, message.length, sum));
  return message;
}
