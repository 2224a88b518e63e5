import type { Port } from "./port.ts";

/** What the hub noticed in a segment that people should hear of. The list is closed. */
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
  /** The network binds sources: its clients are to register what is behind them. */
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

/** One thing noticed, told to the ports it concerns and to the log. */
export interface Notice {
  readonly code: NoticeCode;
  /** What was noticed, with addresses, and what to do: for people. */
  readonly message: string;
  /** Whom it concerns; nobody but the operator where it is empty. */
  readonly ports: readonly Port[];
}
