import type { Port } from "./port.ts";

/** Codes of what the hub reports about a segment. The list is closed. */
export const NOTICE_CODES = [
  /** A MAC address that keeps moving between ports (RFC 7432 section 15.1). */
  "duplicate-mac",
  /** Two machines use one IP address. */
  "duplicate-address",
  /** A probe of the hub came back: two ports are bridged somewhere behind them. */
  "loop",
  /** A DHCP server behind a port without the role. */
  "rogue-dhcp-server",
  /** Router advertisements from a port without the role. */
  "rogue-router",
  /** The network binds sources: clients must register the machines behind them. */
  "source-binding",
  /** The forwarding table is full. */
  "mac-limit",
  /** A port sends more broadcast, multicast or unknown unicast than it may. */
  "storm",
  /** More IP addresses than there is room for in the neighbour tables. */
  "limit.neighbours",
  /** More multicast memberships than there is room for. */
  "limit.groups",
] as const;

export type NoticeCode = (typeof NOTICE_CODES)[number];

/** A report to the ports that it concerns and to the log. */
export interface SegmentNotice {
  readonly code: NoticeCode;
  /** What happened, with addresses, and what to do: for people. */
  readonly message: string;
  /** The ports that it concerns; empty if it concerns the operator alone. */
  readonly ports: readonly Port[];
}
