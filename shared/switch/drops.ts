/** Every reason for which a frame, or a record that held one, goes no further. The list is closed. */
export const DROP_REASONS = [
  /** The VXLAN header lacks the I flag (RFC 7348 section 5). */
  "no-vni-flag",
  /** A VNI that the port has not joined. */
  "not-joined",
  /** A source address with the group bit: never learnt, never passed. */
  "group-source",
  /** A source address of all zeros. */
  "zero-source",
  /** A record type whose feature was not negotiated. */
  "not-negotiated",
  /** Segmentation or checksum work that its virtio-net header does not describe rightly. */
  "bad-offload",
  /** A frame over the limit. */
  "too-big",
  /** One more source address than the port may have. */
  "mac-limit",
  /** The destination is behind the port that the frame came from. */
  "same-port",
  /** The receiver reads more slowly than others send to it. */
  "queue-full",
  /** There is no other port: nobody has joined yet, or the tunnel is not up. */
  "no-receiver",
  /** The kernel would not take a frame for the TAP: it is down or full. */
  "tap-refused",
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** Counts drops by reason. */
export class DropCounter {
  readonly #counts = new Map<DropReason, number>();

  count(reason: DropReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  /** Frames dropped for this reason. */
  of(reason: DropReason): number {
    return this.#counts.get(reason) ?? 0;
  }

  /** The reasons that occurred, with their counts. */
  toJSON(): Partial<Record<DropReason, number>> {
    return Object.fromEntries(this.#counts);
  }
}
