import type { Block } from "../tunnel/block.ts";
import { Budget } from "./budget.ts";
import { DropCounter, type DropReason } from "./drops.ts";

/** What the machines behind a port may be to the others, where the network guards it. */
export const PORT_ROLES = ["dhcp-server", "router"] as const;

export type PortRole = (typeof PORT_ROLES)[number];

/**
 * One place of a segment where frames come in and go out: a session that joined, a TAP, later an underlay.
 * Subclasses say what becomes of a frame in {@link send}.
 */
export abstract class Port {
  /** Names the port to people: a VTEP's id, a TAP's name. */
  readonly id: string;
  readonly drops = new DropCounter();
  /** Whether it takes records of type 2; to others the segment sends the plain frames that they stand for. */
  readonly offload: boolean;
  /** What those behind it may be: nothing, unless its credentials say so. */
  roles: ReadonlySet<PortRole>;
  /** Frames and bytes of frames, as the port sees them: received from outside, transmitted to outside. */
  rxFrames = 0;
  rxBytes = 0;
  txFrames = 0;
  txBytes = 0;
  /** How many source addresses may be learnt here; shared by the ports of one session. */
  readonly macs: Budget;
  /** The entry of the frame before, which is most often that of the next: the segment's own. */
  lastSource: MacEntry | undefined;

  /** Whether nothing of others passes, as it closes a loop: the segment's own. */
  cut = false;

  /** Whether it was given something since the last flush: the segment's own. */
  dirty = false;

  /** What it may send per second; without one, what it likes. */
  meter: Meter | undefined;

  constructor(id: string, macs: Budget, offload = false, roles: ReadonlySet<PortRole> = NO_ROLES) {
    this.id = id;
    this.macs = macs;
    this.offload = offload;
    this.roles = roles;
  }

  /**
   * Takes a packet to transmit: the record `block.bytes[start, end)`, whose frame begins at `frame`. Nothing of it
   * may be changed. The block is lent: a port that needs it after the call takes a reference (../tunnel/block.ts). A port
   * that can't take the packet counts the drop.
   */
  abstract send(block: Block, start: number, frame: number, end: number): void;

  /** Called once after a batch of {@link send}s: what was kept back to go together goes now. */
  abstract flush(): void;
}

const NO_ROLES: ReadonlySet<PortRole> = new Set();

/** How an entry of the FDB came about: from a frame's source address, or set by an operator or the machine's VTEP. */
export type EntryKind = "learned" | "static" | "registered";

/** An entry of the FDB: where a MAC address is. */
export interface MacEntry {
  /** The address, 48 bits. */
  readonly mac: number;
  /** The port that the machine is behind; undefined once the entry was removed. */
  readonly port: Port | undefined;
  readonly kind: EntryKind;
  /** When its last frame came in, in the segment's seconds. The only field that others may write. */
  seenAt: number;
  /** Until when the address is held where it is because it kept moving; it may move if this is 0 or past. */
  readonly frozenUntil: number;
}

/** Limits what a port may send. */
export interface Meter {
  /**
   * Counts the record `bytes[start, end)`, whose frame begins at `frame`.
   *
   * @returns why it may not go on, if it may not
   */
  take(bytes: Uint8Array, start: number, frame: number, end: number): DropReason | undefined;
}

/** How many MAC addresses may be learnt from one source, so that no one can fill the table for others. */
export class MacBudget extends Budget {}
