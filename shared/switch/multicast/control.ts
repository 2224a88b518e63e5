/** Reads and checks the messages that the snooper learns from, and hands them to their domain: reports, queries, hellos. */
import { sumPseudoHeader } from "../../frame/checksum.ts";
import { ALL_SYSTEMS, decodeIgmp } from "../../frame/groups/igmp.ts";
import { ALL_NODES, decodeMld, isMldType } from "../../frame/groups/mld.ts";
import { isIcmpv6Intact } from "../../frame/ip/icmp.ts";
import { decodeIpv4, PROTOCOL_ICMPV6 } from "../../frame/ip/ipv4.ts";
import { decodeIpv6 } from "../../frame/ip/ipv6.ts";
import { Malformed } from "../../frame/malformed.ts";
import type { FrameView } from "../policy/frame-view.ts";
import type { Port } from "../port.ts";
import type { MulticastDomain } from "./domain.ts";
import { PROTOCOL_PIM, readPimHoldtime } from "./pim-hello.ts";

/** A frame that may be a control message. */
export interface ControlFrame {
  readonly from: Port;
  readonly view: FrameView;
  readonly now: number;
  /** Returns the frame's domain, created if it was missing; undefined if there is no room for another. */
  readonly bringUp: () => MulticastDomain | undefined;
}

/**
 * Returns whether a packet holds a message of MLD, by its type alone: ICMPv6 that is no fragment. The message begins at
 * the view's `transport`.
 */
export function isMld(view: FrameView): boolean {
  const { bytes, fragment, transport } = view;
  return fragment === "none" && view.has(PROTOCOL_ICMPV6, 1) && isMldType(bytes[transport]);
}

/**
 * The kind of a frame: a host's report or leave or a damaged message, which go to routers only; a router's query; or data,
 * which does not concern membership.
 */
export type Judged = "data" | "report" | "query";

/** fe80::/10. */
const LINK_LOCAL_PREFIX = 0xfe80n >> 6n;

/** Learns from a packet of IGMP. */
export function learnIgmp({ from, view, now, bringUp }: ControlFrame): Judged {
  const packet = decodeIpv4(view.bytes, view.payload, view.end);
  if (packet instanceof Malformed || view.fragment !== "none") return "report";
  const message = decodeIgmp(view.bytes, packet.payload, packet.end);
  // RFC 4541 §2.1.1: messages that a switch does not know go to all.
  if (message instanceof Malformed) return message.reason === "bad-type" ? "data" : "report";
  if (message.kind !== "query") {
    bringUp()?.heardReport(message, from, now);
    return "report";
  }
  const isAddressed = packet.destination === (message.group || ALL_SYSTEMS);
  if (isAddressed && packet.source !== 0) bringUp()?.heardQuery(packet.source, from, now);
  return "query";
}

/** Learns from a packet that {@link isMld}. */
export function learnMld({ from, view, now, bringUp }: ControlFrame): Judged {
  const packet = decodeIpv6(view.bytes, view.payload, view.end);
  if (packet instanceof Malformed || packet.hopLimit !== 1) return "report";
  const { bytes, transport } = view;
  const { source, destination } = packet;
  const message = decodeMld(bytes, transport, packet.end);
  if (message instanceof Malformed) return "report";
  if (!isIcmpv6Intact(bytes, transport, packet.end, source, destination)) return "report";
  const isLinkLocal = source >> 118n === LINK_LOCAL_PREFIX;
  if (message.kind !== "query") {
    // RFC 3810 §5.2.13. Reports from ::, sent before a host has an address, are for snooping switches (RFC 3590 §4).
    if (isLinkLocal || source === 0n) bringUp()?.heardReport(message, from, now);
    return "report";
  }
  const isAddressed = destination === (message.group || ALL_NODES);
  if (isAddressed && isLinkLocal) bringUp()?.heardQuery(source, from, now);
  return "query";
}

/** Learns from a packet of PIM over IPv4. */
export function learnPim4({ from, view, now, bringUp }: ControlFrame): void {
  const packet = decodeIpv4(view.bytes, view.payload, view.end);
  if (packet instanceof Malformed) return;
  const hold = readPimHoldtime(view.bytes, packet.payload, packet.end, 0);
  if (hold !== undefined) bringUp()?.heardHello(hold, from, now);
}

/** Learns from a packet of PIM over IPv6. */
export function learnPim6({ from, view, now, bringUp }: ControlFrame): void {
  const packet = decodeIpv6(view.bytes, view.payload, view.end);
  if (packet instanceof Malformed) return;
  const { source, destination, end } = packet;
  const { bytes, transport } = view;
  const sum = sumPseudoHeader(source, destination, PROTOCOL_PIM, end - transport);
  const hold = readPimHoldtime(bytes, transport, end, sum);
  if (hold !== undefined) bringUp()?.heardHello(hold, from, now);
}
