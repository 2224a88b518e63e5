/** A segment's worth of ports around a suppressor, and what machines behind them say. */
import {
  ARP_BYTES,
  ARP_REPLY,
  ARP_REQUEST,
  type Arp,
  decodeArp,
  encodeArp,
} from "../../../../shared/frame/arp.ts";
import { type Written, written } from "../../../../shared/frame/bytes.ts";
import { ETHERTYPE_ARP } from "../../../../shared/frame/ethernet.ts";
import { PROTOCOL_ICMPV6 } from "../../../../shared/frame/ip/ipv4.ts";
import {
  decodeNeighbourDiscovery,
  encodeNeighbourAdvertisement,
  encodeNeighbourSolicitation,
} from "../../../../shared/frame/ip/neighbour-discovery.ts";
import { readMac } from "../../../../shared/frame/mac.ts";
import {
  NeighbourSuppressor,
  type SuppressorVerdict,
} from "../../../../shared/switch/neighbours/suppressor.ts";
import type { SegmentNotice } from "../../../../shared/switch/notice.ts";
import { FrameView } from "../../../../shared/switch/policy/frame-view.ts";
import type { Port } from "../../../../shared/switch/port.ts";
import { ethernetFrame, ipFrame, ipv6, ipv6Packet } from "../../../support/frames.ts";
import { KeepingPort } from "../ports.ts";

export const HUB = 0x02ff_0000_0001;
/** What RFC 4291 appendix A makes of it: the universal bit flipped, ff:fe in the middle. */
export const HUB_LINK_LOCAL = ipv6("fe80::ff:ff:fe00:1");
export const A = 0x0200_0000_000a;
export const B = 0x0200_0000_000b;
export const C = 0x0200_0000_000c;
export const BROADCAST = 0xffff_ffff_ffff;

/** Stands for the addresses of ff02::1:ff00:0/104, as MAC and as address. */
export const SOLICITED_MAC = 0x3333_ff00_0001;
export const SOLICITED = ipv6("ff02::1:ff00:1");
export const ALL_NODES_MAC = 0x3333_0000_0001;
export const ALL_NODES = ipv6("ff02::1");

/** 10.20.0.`host`. */
export const v4 = (host: number): number => 0x0a14_0000 + host;

export { ipv6 };

/** fe80::`host`. */
export const v6 = (host: number): bigint => ipv6("fe80::") + BigInt(host);

export interface Lab {
  readonly suppressor: NeighbourSuppressor;
  readonly clock: { now: number };
  readonly sent: { port: Port; frame: Uint8Array }[];
  readonly notices: SegmentNotice[];
  /** What the FDB would say of a MAC. */
  readonly fdb: Map<number, Port>;
  readonly a: KeepingPort;
  readonly b: KeepingPort;
  readonly c: KeepingPort;
  /** Has a frame come in, amid other bytes. */
  hear(from: Port, frame: Uint8Array): SuppressorVerdict;
  /** Lets seconds pass, with a tick each. */
  pass(seconds: number): void;
  /** Returns the frames that the hub has sent since the last call. */
  takeSent(): { port: Port; frame: Uint8Array }[];
}

export function lab({ answers }: { answers?: boolean } = {}): Lab {
  const clock = { now: 1000 };
  const sent: Lab["sent"] = [];
  const notices: SegmentNotice[] = [];
  const fdb = new Map<number, Port>();
  const sender = {
    toPort: (port: Port, frame: Uint8Array) => void sent.push({ port, frame }),
    toAll: () => {
      throw new Error("the suppressor never sends to all");
    },
  };
  const suppressor = new NeighbourSuppressor({
    mac: HUB,
    sender,
    notice: (notice) => void notices.push(notice),
    locate: (mac) => fdb.get(mac),
    ...(answers === undefined ? {} : { answers }),
  });
  return {
    ...{ suppressor, clock, sent, notices, fdb },
    ...{ a: new KeepingPort("a"), b: new KeepingPort("b"), c: new KeepingPort("c") },
    hear(from, frame) {
      const bytes = new Uint8Array(frame.length + 40).fill(0xa5);
      bytes.set(frame, 12);
      return suppressor.judge(from, new FrameView().read(bytes, 12, 12 + frame.length), clock.now);
    },
    pass(seconds) {
      for (let second = 0; second < seconds; second++) {
        clock.now++;
        suppressor.tick(clock.now);
      }
    },
    takeSent: () => sent.splice(0),
  };
}

/** An ARP frame; its Ethernet source is the sender it names, unless told otherwise. */
export function arpFrame(arp: Arp, destination = BROADCAST, source = arp.senderMac): Uint8Array {
  const message = new Uint8Array(ARP_BYTES + 18);
  encodeArp(message, 0, arp);
  return ethernetFrame({ destination, source, etherType: ETHERTYPE_ARP }, message);
}

/** Who has `target`? Tell `sender`. */
export function arpRequest(mac: number, sender: number, target: number, destination = BROADCAST): Uint8Array {
  const arp = { operation: ARP_REQUEST, senderMac: mac, senderAddress: sender, targetMac: 0 };
  return arpFrame({ ...arp, targetAddress: target }, destination);
}

/** `sender` is at `mac`, to one machine. */
export function arpReply(mac: number, sender: number, to: number): Uint8Array {
  const arp = { operation: ARP_REPLY, senderMac: mac, senderAddress: sender, targetMac: to };
  return arpFrame({ ...arp, targetAddress: 0 }, to);
}

/** An announcement: a request for one's own address (RFC 5227 section 3). */
export const gratuitous = (mac: number, address: number): Uint8Array => arpRequest(mac, address, address);

export interface Solicitation {
  readonly source: bigint;
  readonly target: bigint;
  readonly mac: number;
  readonly destinationMac?: number;
  readonly sourceMac?: number | undefined;
  readonly hopLimit?: number;
}

/** Who has `target`? With the sender's MAC as an option, unless it is told to be undefined. */
export function solicitation(said: Solicitation): Uint8Array {
  const { source, target, mac, destinationMac = SOLICITED_MAC, hopLimit = 255 } = said;
  const sourceMac = "sourceMac" in said ? said.sourceMac : mac;
  const destination = destinationMac === SOLICITED_MAC ? SOLICITED : target;
  const fields = { source, destination, target, ...(sourceMac === undefined ? {} : { sourceMac }) };
  return icmpv6Frame(mac, destinationMac, { source, destination, hopLimit }, (bytes, at) =>
    encodeNeighbourSolicitation(bytes, at, fields),
  );
}

export interface Advertisement {
  readonly target: bigint;
  readonly mac: number;
  readonly destinationMac?: number;
  readonly destination?: bigint;
  readonly targetMac?: number;
  readonly router?: boolean;
  readonly solicited?: boolean;
  readonly override?: boolean;
}

/** `target` is at `mac`; to all nodes, unsolicited, unless told otherwise. */
export function advertisement(said: Advertisement): Uint8Array {
  const { target, mac, destinationMac = ALL_NODES_MAC, destination = ALL_NODES, targetMac = mac } = said;
  const { router = false, solicited = false, override = true } = said;
  const fields = { source: target, destination, target, router, solicited, override, targetMac };
  return icmpv6Frame(mac, destinationMac, { source: target, destination, hopLimit: 255 }, (bytes, at) =>
    encodeNeighbourAdvertisement(bytes, at, fields),
  );
}

/** What a Linux host answers to a question for it alone: without its MAC, and without the override flag. */
export function bareAdvertisement(target: bigint, mac: number): Uint8Array {
  const packet = { source: target, destination: HUB_LINK_LOCAL, hopLimit: 255 };
  return icmpv6Frame(mac, HUB, packet, (bytes) => {
    bytes.set([136, 0, 0, 0, 0x40, 0, 0, 0]);
    for (let i = 0; i < 16; i++) bytes[23 - i] = Number((target >> BigInt(8 * i)) & 0xffn);
    bytes.set(onesComplement(bytes.subarray(0, 24), packet), 2);
    return 24;
  });
}

export interface Packet {
  readonly source: bigint;
  readonly destination: bigint;
  readonly hopLimit: number;
}

/** A frame around an ICMPv6 message. */
export function icmpv6Frame(
  mac: number,
  destinationMac: number,
  packet: Packet,
  write: (bytes: Uint8Array, offset: number) => Written,
): Uint8Array {
  const message = new Uint8Array(100);
  const length = written(write(message, 0));
  const fields = { ...packet, nextHeader: PROTOCOL_ICMPV6 };
  const whole = ipv6Packet(fields, message.subarray(0, length));
  return ipFrame({ destination: destinationMac, source: mac }, whole);
}

/** The same frame behind an 802.1Q tag. */
export function tagged(frame: Uint8Array, vlan = 10): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0x00, 0, vlan, ...frame.subarray(12));
}

/** What a frame sent by the hub is: Ethernet addresses, and the ARP or ND inside. */
export function read(frame: Uint8Array | undefined) {
  if (frame === undefined) throw new Error("nothing was sent");
  const ethernet = { destination: readMac(frame, 0), source: readMac(frame, 6) };
  const message =
    frame[12] === 0x08
      ? decodeArp(frame, 14, frame.length)
      : decodeNeighbourDiscovery(frame, 14, frame.length);
  return { ethernet, message };
}

/** The Internet checksum by its definition, RFC 1071 section 1, over the pseudo-header as well. */
export function onesComplement(
  message: Uint8Array,
  { source, destination }: { source: bigint; destination: bigint },
) {
  const header = (source << 128n) | destination;
  let sum = message.length + 58;
  for (let shift = 0n; shift < 256n; shift += 16n) sum += Number((header >> shift) & 0xffffn);
  for (let i = 0; i < message.length; i += 2) sum += (message[i] ?? 0) * 256 + (message[i + 1] ?? 0);
  const complement = 0xffff - (sum % 0xffff);
  return [complement >> 8, complement & 0xff];
}
