/** What the snooper learns from: reports, queries and hellos, read and checked and handed to their domain. */
import { sumPseudoHeader } from "../../frame/checksum.ts";
import { ALL_SYSTEMS, decodeIgmp } from "../../frame/groups/igmp.ts";
import { ALL_NODES, decodeMld } from "../../frame/groups/mld.ts";
import { isIcmpv6Intact } from "../../frame/ip/icmp.ts";
import { decodeIpv4 } from "../../frame/ip/ipv4.ts";
import { decodeIpv6 } from "../../frame/ip/ipv6.ts";
import { Malformed } from "../../frame/malformed.ts";
import type { Port } from "../port.ts";
import type { MulticastDomain } from "./domain.ts";
import { PROTOCOL_PIM, readPimHoldtime } from "./pim-hello.ts";

/** A frame that may be a control message: the IP packet is `bytes[ip, end)`, with padding. */
export interface ControlFrame {
  readonly from: Port;
  readonly bytes: Uint8Array;
  readonly ip: number;
  readonly end: number;
  readonly now: number;
  /** The domain it is in, brought up if need be; undefined if there is no room for another. */
  readonly bringUp: () => MulticastDomain | undefined;
}

/**
 * What a frame was: a host's report or leave, or a damaged message, which only routers have use for; a
 * router's query; or nothing that concerns membership.
 */
export type Judged = "data" | "report" | "query";

/** fe80::/10. */
const LINK_LOCAL_PREFIX = 0xfe80n >> 6n;

/** Learns from a packet of IGMP. */
export function learnIgmp({ from, bytes, ip, end, now, bringUp }: ControlFrame): Judged {
  const packet = decodeIpv4(bytes, ip, end);
  if (packet instanceof Malformed || packet.moreFragments || packet.fragmentOffset > 0) return "report";
  const message = decodeIgmp(bytes, packet.payload, packet.end);
  // RFC 4541 §2.1.1: messages that a switch doesn't know go to all.
  if (message instanceof Malformed) return message.reason === "bad-type" ? "data" : "report";
  if (message.kind !== "query") {
    bringUp()?.heardReport(message, from, now);
    return "report";
  }
  const isAddressed = packet.destination === (message.group || ALL_SYSTEMS);
  if (isAddressed && packet.source !== 0) bringUp()?.heardQuery(packet.source, from, now);
  return "query";
}

/** Learns from a packet of MLD, whose message begins at `offset`. */
export function learnMld({ from, bytes, ip, end, now, bringUp }: ControlFrame, offset: number): Judged {
  const packet = decodeIpv6(bytes, ip, end);
  if (packet instanceof Malformed || packet.hopLimit !== 1) return "report";
  const { source, destination } = packet;
  const message = decodeMld(bytes, offset, packet.end);
  if (message instanceof Malformed) return "report";
  if (!isIcmpv6Intact(bytes, offset, packet.end, source, destination)) return "report";
  const isLinkLocal = source >> 118n === LINK_LOCAL_PREFIX;
  if (message.kind !== "query") {
    // RFC 3810 §5.2.13; those from ::, sent before there is an address, are for switches like this (RFC 3590 §4).
    if (isLinkLocal || source === 0n) bringUp()?.heardReport(message, from, now);
    return "report";
  }
  const isAddressed = destination === (message.group || ALL_NODES);
  if (isAddressed && isLinkLocal) bringUp()?.heardQuery(source, from, now);
  return "query";
}

/** Learns from a packet of PIM over IPv4. */
export function learnPim4({ from, bytes, ip, end, now, bringUp }: ControlFrame): void {
  const packet = decodeIpv4(bytes, ip, end);
  if (packet instanceof Malformed) return;
  const hold = readPimHoldtime(bytes, packet.payload, packet.end, 0);
  if (hold !== undefined) bringUp()?.heardHello(hold, from, now);
}

/** Learns from a packet of PIM over IPv6. */
export function learnPim6({ from, bytes, ip, end, now, bringUp }: ControlFrame): void {
  const packet = decodeIpv6(bytes, ip, end);
  if (packet instanceof Malformed) return;
  const { source, destination, payload, payloadLength } = packet;
  const sum = sumPseudoHeader(source, destination, PROTOCOL_PIM, payloadLength);
  const hold = readPimHoldtime(bytes, payload, packet.end, sum);
  if (hold !== undefined) bringUp()?.heardHello(hold, from, now);
}
