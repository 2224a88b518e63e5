/**
 * One frame, read once on its way through a policy: the guards, the suppressor and the snooper all take this view.
 *
 * The view looks past everything that a receiver might look past. A guard that can be fooled by a header that the
 * receiver ignores is worthless: tags of 802.1Q, also several and with VLAN id 0, LLC/SNAP headers (CVE-2021-27853,
 * CVE-2021-27854), IPv4 options, IPv6 extension headers (RFC 7113), fragments.
 */
import { readUint16 } from "../../frame/bytes.ts";
import {
  ETHERNET_SOURCE_OFFSET,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  findEtherType,
  VLAN_TAG_BYTES,
} from "../../frame/ethernet.ts";
import { IPV4_HEADER_BYTES, PROTOCOL_UDP } from "../../frame/ip/ipv4.ts";
import {
  EXTENSION_UNIT,
  extensionHeaderBytes,
  FRAGMENT_HEADER,
  IPV6_HEADER_BYTES,
  isExtensionHeader,
} from "../../frame/ip/ipv6.ts";
import { BROADCAST_MAC, isGroupAt, readMac } from "../../frame/mac.ts";

/** The {@link FrameView.type} of a frame without an EtherType: IEEE 802.3 with a length, followed by LLC. */
export const LLC = 0;

/** A field that cannot be read because the frame ends before it or has too many headers. */
export const UNREADABLE = -1;

/** The least EtherType; lower values of the type field are a length (IEEE 802.3 section 3.2.6). */
const LEAST_ETHERTYPE = 0x0600;

/** DSAP, SSAP, control, three bytes of OUI, EtherType (IEEE 802, section 9.2). */
const SNAP_BYTES = 8;

/** Offset of the type field, or of the first tag, in a frame. */
const TYPE_OFFSET = 12;

/**
 * The most extension headers that are followed: each kind may occur once, destination options twice (RFC 8200 section
 * 4.1), and no more kinds are in use. The protocol behind more than that is {@link UNREADABLE}.
 */
export const MAX_EXTENSION_HEADERS = 8;

/** Bytes of a UDP header that hold its ports. */
const PORTS_BYTES = 4;

/** IPv4: more fragments, and the offset. */
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

/** Whether a packet is a fragment: `first` ones have the ports of UDP, `later` ones have bytes of anything. */
export type Fragment = "none" | "first" | "later";

/** The fields of one frame. The object is reused for every frame so that none allocates: copy what is kept. */
export class FrameView {
  bytes: Uint8Array = NO_BYTES;
  /** The frame is `bytes[frame, end)`. */
  frame = 0;
  end = 0;
  /** The MAC addresses, 48 bits each. */
  destination = 0;
  source = 0;
  /** Whether the destination is a group: broadcast or multicast. */
  isGroup = false;
  /** Number of 802.1Q and 802.1ad tags; {@link UNREADABLE} if the frame ends before its type. */
  tags = UNREADABLE;
  /** Offset of the type field behind all tags, or {@link UNREADABLE}. */
  typeOffset = UNREADABLE;
  /** The type behind all tags: an EtherType, {@link LLC} or {@link UNREADABLE}. */
  type = UNREADABLE;
  /** The same, but the EtherType of the packet if {@link type} is LLC and SNAP follows. */
  etherType = UNREADABLE;
  /** Offset of the packet of type {@link etherType}. */
  payload = 0;
  /** The IP version; 0 if the frame holds no IP packet that a machine would take. */
  ip: 0 | 4 | 6 = 0;
  /** Offsets of the IP addresses. */
  ipSource = 0;
  ipDestination = 0;
  /** The protocol past any extension headers; UNREADABLE if the packet ends before it or has too many headers. */
  protocol = UNREADABLE;
  /** The bytes of that protocol are [transport, packetEnd), without the frame's padding. */
  transport = 0;
  packetEnd = 0;
  fragment: Fragment = "none";
  /** UDP ports; UNREADABLE for other protocols, later fragments, and packets that end before them. */
  sourcePort = UNREADABLE;
  destinationPort = UNREADABLE;

  get isBroadcast(): boolean {
    return this.destination === BROADCAST_MAC;
  }

  /**
   * Reads the frame in [frame, end), which has room for an Ethernet header. Never throws, whatever the bytes, and reads
   * none outside the range.
   */
  read(bytes: Uint8Array, frame: number, end: number): this {
    this.bytes = bytes;
    this.frame = frame;
    this.end = end;
    this.destination = readMac(bytes, frame);
    this.source = readMac(bytes, frame + ETHERNET_SOURCE_OFFSET);
    this.isGroup = isGroupAt(bytes, frame);
    this.ip = 0;
    this.protocol = UNREADABLE;
    this.fragment = "none";
    this.sourcePort = UNREADABLE;
    this.destinationPort = UNREADABLE;
    this.#readType(bytes, frame, end);
    if (this.etherType === ETHERTYPE_IPV4) this.#readIpv4(bytes, this.payload, end);
    else if (this.etherType === ETHERTYPE_IPV6) this.#readIpv6(bytes, this.payload, end);
    if (this.has(PROTOCOL_UDP, PORTS_BYTES)) {
      this.sourcePort = readUint16(bytes, this.transport);
      this.destinationPort = readUint16(bytes, this.transport + 2);
    }
    return this;
  }

  /**
   * Returns whether the packet has the first `bytes` bytes of this protocol's header: a later fragment does not, nor
   * does a packet that is cut short.
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
      this.tags = UNREADABLE;
      this.type = UNREADABLE;
      this.etherType = UNREADABLE;
      this.payload = end;
      return;
    }
    this.tags = (offset - frame - TYPE_OFFSET) / VLAN_TAG_BYTES;
    let type = readUint16(bytes, offset);
    this.type = type < LEAST_ETHERTYPE ? LLC : type;
    while (type < LEAST_ETHERTYPE && isSnap(bytes, offset + 2, end)) {
      // Tags may follow again: read them as if a frame began so that its type field is SNAP's.
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
    this.ipSource = packet + 12;
    this.ipDestination = packet + 16;
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
    this.ipSource = packet + 8;
    this.ipDestination = packet + 24;
    const length = readUint16(bytes, packet + 4);
    let offset = packet + IPV6_HEADER_BYTES;
    // A length of 0 is a jumbogram's (RFC 2675) or wrong; kernels then go by the frame.
    const packetEnd = length === 0 ? end : Math.min(end, offset + length);
    this.packetEnd = packetEnd;
    let next = bytes[packet + 6] ?? 0;
    for (let headers = 0; headers <= MAX_EXTENSION_HEADERS; headers++) {
      if (!isExtensionHeader(next)) {
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
        // The bytes that follow are from the middle of the packet, so there is no header to go on with.
        this.protocol = next;
        this.transport = offset;
        return;
      }
      offset += extensionHeaderBytes(header, bytes[offset + 1] ?? 0);
      if (offset > packetEnd) return;
    }
  }
}

const NO_BYTES = new Uint8Array(0);

/** Returns whether an LLC header with SNAP and an EtherType is at `llc`: OUI 0, or that of IEEE 802.1H. */
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
