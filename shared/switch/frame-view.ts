/**
 * A frame as the guards see it: taken apart once, as far as its IP protocol, for all of them.
 *
 * It sees through whatever a receiver might see through, as what hides a packet from a guard and not from the machine
 * behind it makes the guard worthless: tags of 802.1Q, also several and with VLAN id 0, LLC/SNAP headers
 * (CVE-2021-27853, CVE-2021-27854), IPv4 options, IPv6 extension headers (RFC 7113), fragments.
 */
import { readUint16 } from "../../frame/bytes.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, findEtherType } from "../../frame/ethernet.ts";
import { IPV4_HEADER_BYTES } from "../../frame/ip/ipv4.ts";
import { IPV6_HEADER_BYTES } from "../../frame/ip/ipv6.ts";

/** Stands for the type of frames that have none: IEEE 802.3 with a length, and LLC behind it. */
export const LLC = 0;

/** Stands for a type or protocol that can't be found, as the frame ends before it or hides it too well. */
export const UNREADABLE = -1;

/** Below this the type field is a length (IEEE 802.3 section 3.2.6). */
const LEAST_ETHERTYPE = 0x0600;

/** DSAP, SSAP, control, three bytes of OUI, EtherType (IEEE 802, section 9.2). */
const SNAP_BYTES = 8;

/** From where {@link findEtherType} counts to the type. */
const TYPE_OFFSET = 12;

/**
 * Extension headers that are followed: each kind may occur once, destination options twice (RFC 8200 section 4.1), and
 * there are no more kinds in use. What is behind more than that is {@link UNREADABLE}.
 */
export const MAX_EXTENSION_HEADERS = 8;

/** IPv4: more fragments, and the offset. */
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

/** Whether a packet is a fragment: `first` ones have the ports of UDP, `later` ones have bytes of anything. */
export type Fragment = "none" | "first" | "later";

/** Reused for every frame, so that nothing is allocated: whoever keeps something of it copies it. */
export class FrameView {
  bytes: Uint8Array = NO_BYTES;
  /** The frame is [frame, end). */
  frame = 0;
  end = 0;
  /** Where the type field behind all tags is; {@link UNREADABLE} in a frame that ends before it. */
  typeOffset = UNREADABLE;
  /** The type behind all tags: an EtherType, {@link LLC} or {@link UNREADABLE}. */
  type = UNREADABLE;
  /** The same, but that of the packet where {@link type} is LLC with SNAP. */
  etherType = UNREADABLE;
  /** Where the packet of that type begins. */
  payload = 0;
  /** The IP version, 0 for what is no IP packet that anybody would take. */
  ip: 0 | 4 | 6 = 0;
  /** Where the IP source address is. */
  source = 0;
  /** The protocol past any extension headers, UNREADABLE where the packet ends before it or has too many of them. */
  protocol = UNREADABLE;
  /** Where the bytes of that protocol begin: [transport, packetEnd), without the frame's padding. */
  transport = 0;
  packetEnd = 0;
  fragment: Fragment = "none";

  /** Takes the frame in [frame, end) apart. Never throws, whatever the bytes, and reads none outside the range. */
  read(bytes: Uint8Array, frame: number, end: number): this {
    this.bytes = bytes;
    this.frame = frame;
    this.end = end;
    this.ip = 0;
    this.protocol = UNREADABLE;
    this.fragment = "none";
    this.#readType(bytes, frame, end);
    if (this.etherType === ETHERTYPE_IPV4) this.#readIpv4(bytes, this.payload, end);
    else if (this.etherType === ETHERTYPE_IPV6) this.#readIpv6(bytes, this.payload, end);
    return this;
  }

  /**
   * Whether the packet begins with `bytes` bytes of this protocol's header. No fragment but the first does; what is
   * cut short does not.
   */
  has(protocol: number, bytes: number): boolean {
    return (
      this.protocol === protocol && this.fragment !== "later" && this.transport + bytes <= this.packetEnd
    );
  }

  #readType(bytes: Uint8Array, frame: number, end: number): void {
    let offset = findEtherType(bytes, frame, end);
    this.typeOffset = offset;
    if (offset < 0) {
      this.type = UNREADABLE;
      this.etherType = UNREADABLE;
      this.payload = end;
      return;
    }
    let type = readUint16(bytes, offset);
    this.type = type < LEAST_ETHERTYPE ? LLC : type;
    while (type < LEAST_ETHERTYPE && isSnap(bytes, offset + 2, end)) {
      // Tags may stand there again: as if a frame began so that its type field is SNAP's.
      const inner = findEtherType(bytes, offset + SNAP_BYTES - TYPE_OFFSET, end);
      if (inner < 0) break;
      offset = inner;
      type = readUint16(bytes, offset);
    }
    this.etherType = type < LEAST_ETHERTYPE ? LLC : type;
    this.payload = offset + 2;
  }

  #readIpv4(bytes: Uint8Array, packet: number, end: number): void {
    if (packet + IPV4_HEADER_BYTES > end) return;
    const first = bytes[packet] ?? 0;
    if (first >>> 4 !== 4) return;
    this.ip = 4;
    this.source = packet + 12;
    this.packetEnd = Math.min(end, packet + readUint16(bytes, packet + 2));
    this.transport = packet + (first & 0x0f) * 4;
    if (this.transport < packet + IPV4_HEADER_BYTES || this.transport > this.packetEnd) return;
    const fragment = readUint16(bytes, packet + 6);
    if ((fragment & FRAGMENT_OFFSET) !== 0) this.fragment = "later";
    else if ((fragment & MORE_FRAGMENTS) !== 0) this.fragment = "first";
    this.protocol = bytes[packet + 9] ?? 0;
  }

  #readIpv6(bytes: Uint8Array, packet: number, end: number): void {
    if (packet + IPV6_HEADER_BYTES > end || (bytes[packet] ?? 0) >>> 4 !== 6) return;
    this.ip = 6;
    this.source = packet + 8;
    const length = readUint16(bytes, packet + 4);
    let offset = packet + IPV6_HEADER_BYTES;
    // No length at all is a jumbogram's (RFC 2675), or wrong; kernels then go by the frame.
    const packetEnd = length === 0 ? end : Math.min(end, offset + length);
    this.packetEnd = packetEnd;
    let next = bytes[packet + 6] ?? 0;
    for (let headers = 0; headers <= MAX_EXTENSION_HEADERS; headers++) {
      if (!isExtension(next)) {
        this.protocol = next;
        this.transport = offset;
        return;
      }
      if (offset + EXTENSION_UNIT > packetEnd) return;
      const header = next;
      next = bytes[offset] ?? 0;
      if (header === FRAGMENT_HEADER) {
        const isLater = (readUint16(bytes, offset + 2) & 0xfff8) !== 0;
        this.fragment = isLater ? "later" : "first";
        offset += EXTENSION_UNIT;
        if (!isLater) continue;
        // What follows is from the middle of the packet: no header to go on with.
        this.protocol = next;
        this.transport = offset;
        return;
      }
      offset += extensionBytes(header, bytes[offset + 1] ?? 0);
      if (offset > packetEnd) return;
    }
  }
}

const NO_BYTES = new Uint8Array(0);

/** Whether an LLC header that says SNAP is there, with an EtherType: OUI 0, or that of IEEE 802.1H. */
function isSnap(bytes: Uint8Array, llc: number, end: number): boolean {
  return (
    llc + SNAP_BYTES <= end &&
    bytes[llc] === 0xaa &&
    bytes[llc + 1] === 0xaa &&
    bytes[llc + 3] === 0 &&
    bytes[llc + 4] === 0 &&
    (bytes[llc + 5] === 0 || bytes[llc + 5] === 0xf8)
  );
}

/** All extension headers are this long at least, and the fragment header is. */
const EXTENSION_UNIT = 8;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT_HEADER = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const HIP = 139;
const SHIM6 = 140;

/** IANA's list, without ESP, behind which nobody sees, and without those for experiments. */
function isExtension(protocol: number): boolean {
  switch (protocol) {
    case HOP_BY_HOP:
    case ROUTING:
    case FRAGMENT_HEADER:
    case AUTHENTICATION:
    case DESTINATION_OPTIONS:
    case MOBILITY:
    case HIP:
    case SHIM6:
      return true;
    default:
      return false;
  }
}

/** Units of 8 bytes, the first not counted (RFC 8200 section 4); of 4 and two not counted in AH (RFC 4302). */
function extensionBytes(header: number, length: number): number {
  return header === AUTHENTICATION ? (length + 2) * 4 : (length + 1) * EXTENSION_UNIT;
}
