/**
 * MAC addresses as numbers: 48 bits fit a double, so a table keyed by them needs no strings.
 * The first byte on the wire is the most significant.
 */
import {
  hasRoom,
  isField,
  readUint16,
  readUint32,
  requireField,
  type Written,
  writeUint16,
  writeUint32,
} from "./bytes.ts";

/** Length of a MAC address in bytes. */
export const MAC_BYTES = 6;

/** ff:ff:ff:ff:ff:ff, which is also the highest address. */
export const BROADCAST_MAC = 0xffff_ffff_ffff;

const TWO_TO_32 = 2 ** 32;
const TWO_TO_40 = 2 ** 40;

/** The I/G bit of IEEE 802, the lowest of the first byte. */
const GROUP_BIT = 0x01;

const COLONS = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;
const HYPHENS = /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/i;

/** Reads the address at `offset`. Checks and allocates nothing: the caller knows that six bytes are there. */
export function readMac(bytes: Uint8Array, offset: number): number {
  return readUint16(bytes, offset) * TWO_TO_32 + readUint32(bytes, offset + 2);
}

/** Writes `mac` at `offset` and returns the offset after it; undefined if it is no MAC or does not fit. */
export function writeMac(bytes: Uint8Array, offset: Written, mac: number): Written {
  if (!hasRoom(bytes, offset, MAC_BYTES) || !isField(mac, BROADCAST_MAC)) return undefined;
  writeUint16(bytes, offset, Math.floor(mac / TWO_TO_32));
  // `>>> 0` takes a double modulo 2^32, which is the low half.
  writeUint32(bytes, offset + 2, mac >>> 0);
  return offset + MAC_BYTES;
}

/**
 * Returns whether the address at `offset` is a group address (broadcast or multicast): one byte read, for the hot
 * path.
 */
export function isGroupAt(bytes: Uint8Array, offset: number): boolean {
  return ((bytes[offset] ?? 0) & GROUP_BIT) !== 0;
}

/** Returns whether `mac` is a group address: broadcast or multicast. */
export function isGroup(mac: number): boolean {
  return (Math.floor(mac / TWO_TO_40) & GROUP_BIT) !== 0;
}

/**
 * Returns whether a machine may send from `mac`: not a group address, not all zeros. Learning a group address would let one
 * frame attract all broadcasts to its sender.
 */
export function isUsableSource(mac: number): boolean {
  return mac !== 0 && !isGroup(mac);
}

/** Parses `02:00:00:00:00:01` or `02-00-00-00-00-01`, in either case; undefined for anything else. */
export function parseMac(text: string): number | undefined {
  if (!COLONS.test(text) && !HYPHENS.test(text)) return undefined;
  return Number.parseInt(text.replaceAll(/[:-]/g, ""), 16);
}

/** Formats `mac` as `02:00:00:00:00:01`: lower case, colons. Throws a RangeError if it is no MAC. */
export function formatMac(mac: number): string {
  requireField("MAC address", mac, BROADCAST_MAC);
  const digits = mac.toString(16).padStart(2 * MAC_BYTES, "0");
  return digits.replaceAll(/..(?!$)/g, "$&:");
}
