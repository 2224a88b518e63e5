import type { Block } from "../tunnel/block.ts";
import { Budget } from "./budget.ts";
import { DropCounter, type DropReason } from "./drops.ts";

/** Roles that machines behind a port may play, if the network guards them. */
export const PORT_ROLES = ["dhcp-server", "router"] as const;

export type PortRole = (typeof PORT_ROLES)[number];

/**
 * A place of a segment where frames come in and go out: a session, a TAP, an underlay, the hub's own host. Subclasses
 * transmit a frame in {@link send}.
 */
export abstract class Port {
  /** The name of the port for people: a VTEP's id, a TAP's name. */
  readonly id: string;
  readonly drops = new DropCounter();
  /** Whether it takes records of type 2; other ports get the plain frames of a super-frame. */
  readonly offload: boolean;
  /** Roles of the machines behind it: none unless its credentials grant them. */
  roles: ReadonlySet<PortRole>;
  /** Frames and bytes of frames that the port received from outside and transmitted to outside. */
  rxFrames = 0;
  rxBytes = 0;
  txFrames = 0;
  txBytes = 0;
  /** Limit of source addresses learnt here; shared by the ports of one session. */
  readonly macs: Budget;
  /** The FDB entry of the last frame's source, which is mostly that of the next. Only the segment writes it. */
  lastSource: MacEntry | undefined;

  /** Whether it is cut off because it closes a loop. Only the segment and its policy write it. */
  cut = false;

  /** Whether it got a record since the last flush. Only the segment writes it. */
  dirty = false;

  /** Limits what it may send per second; unlimited without one. */
  meter: Meter | undefined;

  constructor(id: string, macs: Budget, offload = false, roles: ReadonlySet<PortRole> = NO_ROLES) {
    this.id = id;
    this.macs = macs;
    this.offload = offload;
    this.roles = roles;
  }

  /**
   * Transmits a packet: the record `block.bytes[start, end)`, whose frame begins at `frame`. Must not change it. The block
   * is lent: a port that needs it after the call takes a reference (../tunnel/block.ts). A port that cannot take the
   * packet counts the drop.
   */
  abstract send(block: Block, start: number, frame: number, end: number): void;

  /** Sends what {@link send} kept back to go together; called once after a batch. */
  abstract flush(): void;
}

const NO_ROLES: ReadonlySet<PortRole> = new Set();

/** The origin of an FDB entry: a frame's source address, an operator, or the machine's VTEP. */
export type EntryKind = "learned" | "static" | "registered";

/** An entry of the FDB: where a MAC address is. */
export interface MacEntry {
  /** The address, 48 bits. */
  readonly mac: number;
  /** The port that the machine is behind; undefined once the entry was removed. */
  readonly port: Port | undefined;
  readonly kind: EntryKind;
  /** When its last frame came in, in the segment's seconds. The only field that other classes may write. */
  seenAt: number;
  /** Until when the address is held where it is because it kept moving; it may move if this is 0 or past. */
  readonly frozenUntil: number;
}

/** Limits what a port may send. */
export interface Meter {
  /**
   * Counts the record `bytes[start, end)`, which has its frame at `frame`.
   *
   * @returns why it may not go on, or undefined if it may
   */
  take(bytes: Uint8Array, start: number, frame: number, end: number): DropReason | undefined;
}

/** Limit of MAC addresses learnt from one source, so that it cannot fill the table for others. */
export class MacBudget extends Budget {}
