/**
 * Joins consecutive UDP datagrams of one flow into a super-frame, for a kernel that accepts those: it then goes through
 * its layers once for all of them. This is the exact opposite of ./super-frame.ts: it joins only datagrams that cutting
 * restores to the bit, so only timing differs.
 *
 * - Each carries as much as the first; only the last may carry less.
 * - All are equal except for lengths, checksums, and the IPv4 identification, which counts up.
 * - Their checksums were left undone (NEEDS_CSUM), because a computed one would have to be verified first.
 */
import { readUint16, writeUint16 } from "../frame/bytes.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../frame/ethernet.ts";
import { IPV4_HEADER_BYTES, PROTOCOL_UDP } from "../frame/ip/ipv4.ts";
import { IPV6_HEADER_BYTES } from "../frame/ip/ipv6.ts";
import { UDP_HEADER_BYTES } from "../frame/ip/udp.ts";
import { fold, invert } from "./csum.ts";
import { UDP_CSUM_OFFSET } from "./packet.ts";
import {
  GSO_NONE,
  GSO_UDP_L4,
  NEEDS_CSUM,
  readCsumOffset,
  readCsumStart,
  readFlags,
  VIRTIO_BYTES,
  writeVirtio,
} from "./virtio.ts";

/** Maximum number of datagrams in one super-frame: UDP_MAX_SEGMENTS of Linux before 6.9. */
export const MAX_DATAGRAMS = 64;

/** Minimum payload of each datagram in bytes: cutting many smaller ones would exceed MAX_EXPANSION. */
const MIN_DATAGRAM_BYTES = 32;

/** Maximum size of an IP packet in bytes. */
const MAX_PACKET_BYTES = 0xffff;

const ETHERNET_BYTES = 14;
/** Offset of the IP header, behind the virtio-net header. */
const NETWORK = VIRTIO_BYTES + ETHERNET_BYTES;
/** Version 4, and a header without options. */
const PLAIN_IPV4 = 0x45;
const MORE_FRAGMENTS_AND_OFFSET = 0x3fff;

/** Offsets in the IPv4, IPv6 and UDP header. */
const IPV4_LENGTH = 2;
const IPV4_IDENTIFICATION = 4;
const IPV4_FLAGS = 6;
const IPV4_PROTOCOL = 9;
const IPV4_CHECKSUM = 10;
const IPV6_LENGTH = 4;
const IPV6_NEXT_HEADER = 6;
const UDP_LENGTH = 4;

/**
 * Receives a frame behind the virtio-net header at `virtio`.
 *
 * @param frames number of datagrams in it
 * @param frameBytes their total size in bytes, each with its headers
 */
export type WriteJoined = (
  bytes: Uint8Array,
  virtio: number,
  end: number,
  frames: number,
  frameBytes: number,
) => void;

export class DatagramJoiner {
  readonly #write: WriteJoined;
  /** Allocated with the first super-frame, because not every device gets datagrams by the dozen. */
  #joined: Uint8Array | undefined;
  /** The first of the joined datagrams lies in `#bytes[#virtio, #end)`; from the second on, `#bytes` is `#joined`. */
  #bytes: Uint8Array = NOTHING;
  #virtio = 0;
  #end = 0;
  /** Number of waiting datagrams. */
  #count = 0;
  #ipv6 = false;
  /** Bytes from the virtio-net header to the payload. */
  #headerBytes = 0;
  /** Payload of each datagram in bytes. */
  #size = 0;
  /** Whether the last one carried less, so no datagram may follow it. */
  #complete = false;

  constructor(write: WriteJoined) {
    this.#write = write;
  }

  /**
   * Adds the frame in `bytes[virtio, end)`, its virtio-net header first. The caller must keep it unchanged until {@link
   * flush}.
   */
  add(bytes: Uint8Array, virtio: number, end: number): void {
    if (this.#count > 0) {
      if (this.#fits(bytes, virtio, end)) {
        this.#append(bytes, virtio, end);
        return;
      }
      this.flush();
    }
    if (this.#begin(bytes, virtio, end)) return;
    this.#write(bytes, virtio, end, 1, end - virtio - VIRTIO_BYTES);
  }

  /** Writes the waiting datagrams. */
  flush(): void {
    const count = this.#count;
    if (count === 0) return;
    const [bytes, virtio, end] = [this.#bytes, this.#virtio, this.#end];
    this.#count = 0;
    this.#bytes = NOTHING;
    if (count > 1) this.#finish(bytes, end);
    const repeated = (count - 1) * (this.#headerBytes - VIRTIO_BYTES);
    this.#write(bytes, virtio, end, count, end - virtio - VIRTIO_BYTES + repeated);
  }

  /**
   * Starts a super-frame.
   *
   * @returns whether the frame is a datagram that others may be joined to
   */
  #begin(bytes: Uint8Array, virtio: number, end: number): boolean {
    if (readFlags(bytes, virtio) !== NEEDS_CSUM || bytes[virtio + 1] !== GSO_NONE) return false;
    if (readCsumOffset(bytes, virtio) !== UDP_CSUM_OFFSET) return false;
    const transport = virtio + VIRTIO_BYTES + readCsumStart(bytes, virtio);
    const payload = transport + UDP_HEADER_BYTES;
    if (end - payload < MIN_DATAGRAM_BYTES || readUint16(bytes, transport + UDP_LENGTH) !== end - transport)
      return false;
    const network = virtio + NETWORK;
    const etherType = readUint16(bytes, network - 2);
    if (etherType === ETHERTYPE_IPV4) {
      if (transport !== network + IPV4_HEADER_BYTES || bytes[network] !== PLAIN_IPV4) return false;
      if (readUint16(bytes, network + IPV4_LENGTH) !== end - network) return false;
      if ((readUint16(bytes, network + IPV4_FLAGS) & MORE_FRAGMENTS_AND_OFFSET) !== 0) return false;
      if (bytes[network + IPV4_PROTOCOL] !== PROTOCOL_UDP) return false;
      this.#ipv6 = false;
    } else {
      if (etherType !== ETHERTYPE_IPV6 || transport !== network + IPV6_HEADER_BYTES) return false;
      if ((bytes[network] as number) >>> 4 !== 6) return false;
      if (readUint16(bytes, network + IPV6_LENGTH) !== end - transport) return false;
      if (bytes[network + IPV6_NEXT_HEADER] !== PROTOCOL_UDP) return false;
      this.#ipv6 = true;
    }
    this.#bytes = bytes;
    this.#virtio = virtio;
    this.#end = end;
    this.#count = 1;
    this.#headerBytes = payload - virtio;
    this.#size = end - payload;
    this.#complete = false;
    return true;
  }

  /** Returns whether the frame is what cutting would give next. */
  #fits(bytes: Uint8Array, virtio: number, end: number): boolean {
    const size = end - virtio - this.#headerBytes;
    if (size <= 0 || size > this.#size || this.#complete || this.#count === MAX_DATAGRAMS) return false;
    if (this.#end - this.#virtio - NETWORK + size > MAX_PACKET_BYTES) return false;
    const first = this.#bytes;
    const at = this.#virtio;
    if (!same(first, at, bytes, virtio, 0, NETWORK)) return false;
    const transport = this.#headerBytes - UDP_HEADER_BYTES;
    const shorter = this.#size - size;
    if (this.#ipv6) {
      if (!same(first, at, bytes, virtio, NETWORK, NETWORK + IPV6_LENGTH)) return false;
      if (!same(first, at, bytes, virtio, NETWORK + IPV6_NEXT_HEADER, transport + UDP_LENGTH)) return false;
      if (readUint16(bytes, virtio + NETWORK + IPV6_LENGTH) !== size + UDP_HEADER_BYTES) return false;
    } else {
      if (!same(first, at, bytes, virtio, NETWORK, NETWORK + IPV4_LENGTH)) return false;
      if (!same(first, at, bytes, virtio, NETWORK + IPV4_FLAGS, NETWORK + IPV4_CHECKSUM)) return false;
      if (!same(first, at, bytes, virtio, NETWORK + IPV4_CHECKSUM + 2, transport + UDP_LENGTH)) return false;
      const length = size + IPV4_HEADER_BYTES + UDP_HEADER_BYTES;
      if (readUint16(bytes, virtio + NETWORK + IPV4_LENGTH) !== length) return false;
      const identification = readUint16(first, at + NETWORK + IPV4_IDENTIFICATION);
      const next = (identification + this.#count) & 0xffff;
      if (readUint16(bytes, virtio + NETWORK + IPV4_IDENTIFICATION) !== next) return false;
      const sum = invert(readUint16(first, at + NETWORK + IPV4_CHECKSUM));
      const expected = invert(fold(sum + invert(length + shorter) + length + invert(identification) + next));
      if (readUint16(bytes, virtio + NETWORK + IPV4_CHECKSUM) !== expected) return false;
    }
    const length = size + UDP_HEADER_BYTES;
    if (readUint16(bytes, virtio + transport + UDP_LENGTH) !== length) return false;
    const pseudoHeader = readUint16(first, at + transport + UDP_CSUM_OFFSET);
    const expected = fold(pseudoHeader + invert(length + shorter) + length);
    return readUint16(bytes, virtio + transport + UDP_CSUM_OFFSET) === expected;
  }

  #append(bytes: Uint8Array, virtio: number, end: number): void {
    this.#joined ??= new Uint8Array(NETWORK + MAX_PACKET_BYTES);
    const joined = this.#joined;
    if (this.#count === 1) {
      joined.set(this.#bytes.subarray(this.#virtio, this.#end));
      this.#end -= this.#virtio;
      this.#bytes = joined;
      this.#virtio = 0;
    }
    const payload = virtio + this.#headerBytes;
    joined.set(bytes.subarray(payload, end), this.#end);
    this.#end += end - payload;
    this.#complete = end - payload < this.#size;
    this.#count++;
  }

  /**
   * Turns the first datagram's headers into those of the whole, by difference, so a damaged checksum stays damaged (RFC
   * 1624).
   */
  #finish(joined: Uint8Array, end: number): void {
    const transport = this.#headerBytes - UDP_HEADER_BYTES;
    writeVirtio(joined, 0, {
      flags: NEEDS_CSUM,
      gsoType: GSO_UDP_L4,
      hdrLen: this.#headerBytes - VIRTIO_BYTES,
      gsoSize: this.#size,
      csumStart: transport - VIRTIO_BYTES,
      csumOffset: UDP_CSUM_OFFSET,
    });
    if (this.#ipv6) {
      writeUint16(joined, NETWORK + IPV6_LENGTH, end - transport);
    } else {
      const length = readUint16(joined, NETWORK + IPV4_LENGTH);
      const sum = invert(readUint16(joined, NETWORK + IPV4_CHECKSUM));
      writeUint16(joined, NETWORK + IPV4_LENGTH, end - NETWORK);
      writeUint16(joined, NETWORK + IPV4_CHECKSUM, invert(fold(sum + invert(length) + end - NETWORK)));
    }
    const length = readUint16(joined, transport + UDP_LENGTH);
    const pseudoHeader = readUint16(joined, transport + UDP_CSUM_OFFSET);
    writeUint16(joined, transport + UDP_LENGTH, end - transport);
    writeUint16(joined, transport + UDP_CSUM_OFFSET, fold(pseudoHeader + invert(length) + end - transport));
  }
}

const NOTHING = new Uint8Array(0);

/** Returns whether two headers, at `a` in `first` and at `b` in `second`, have the same bytes in [from, to). */
function same(
  first: Uint8Array,
  a: number,
  second: Uint8Array,
  b: number,
  from: number,
  to: number,
): boolean {
  for (let i = from; i < to; i++) if (first[a + i] !== second[b + i]) return false;
  return true;
}
