/** All reasons for which a frame, or a record with one, is dropped. The list is closed. */
export const DROP_REASONS = [
  /** The VXLAN header lacks the I flag (RFC 7348 section 5). */
  "no-vni-flag",
  /** A VNI that the port has not joined. */
  "not-joined",
  /** A source address with the group bit: never learnt, never passed. */
  "group-source",
  /** A source address of all zeros. */
  "zero-source",
  /** A record type that needs a feature that was not negotiated. */
  "not-negotiated",
  /** A virtio-net header that describes the segmentation or checksum work wrongly. */
  "bad-offload",
  /** A frame over the limit. */
  "too-big",
  /** A source address beyond the port's limit. */
  "mac-limit",
  /** The destination is behind the port that the frame came from. */
  "same-port",
  /** The receiver reads more slowly than others send to it. */
  "queue-full",
  /** There is no other port: no other device has joined yet, or the tunnel is not up. */
  "no-receiver",
  /** The kernel would not take a frame for the TAP: it is down or full. */
  "tap-refused",
  /** The network drops unicast to addresses that the hub has not learnt. */
  "unknown-unicast",
  /** A multicast group without members behind other ports, in a network that does not flood such groups. */
  "no-group-member",
  /** A question about a neighbour that the hub answered itself, or a frame of its own protocols. */
  "answered",
  /** An address that is held at another port because it kept moving (RFC 7432 section 15.1). */
  "duplicate-mac",
  /** A registered or static address that came in at another port. */
  "static-mac",
  /** A source MAC or IP address that the port has not registered, in a network that binds sources. */
  "source-binding",
  /** A DHCP server's message from a port without the role. */
  "dhcp-guard",
  /** A router advertisement or redirect from a port without the role. */
  "ra-guard",
  /** More broadcasts per second than a port may send. */
  "storm-broadcast",
  /** More multicasts per second than a port may send. */
  "storm-multicast",
  /** More unicasts to unknown addresses per second than a port may send. */
  "storm-unknown",
  /** More bytes per second than the tenant or the network may send, from a port that has had its share. */
  "rate-bytes",
  /** More packets per second, in the same way. */
  "rate-packets",
  /** An EtherType that the network does not forward. */
  "ethertype",
  /** A link-local control address (01:80:C2:00:00:0X, IEEE 802.1Q clause 8.6.3), which no bridge forwards. */
  "link-local",
  /** The port was cut off because it closes a loop. */
  "loop",
  /** A packet to the hub itself or from the underlay that is malformed, or of a protocol that its port does not speak. */
  "malformed",
  /** A packet to the hub itself for a service that it does not offer. */
  "not-served",
  /** More packets to the hub itself per second than a port may send, or DNS queries than its tenant may. */
  "host-rate",
  /** A frame on a trunk whose VLAN, or lack of a tag, is mapped to no network. */
  "no-vlan",
  /** A packet from an outer source that the port does not know and may not learn. */
  "unknown-remote",
  /** A packet with an earlier sequence number than one before it (RFC 2890 section 2.2). */
  "out-of-order",
  /** An 802.1Q tag inside NVGRE, which carries none (RFC 7637 section 3.2). */
  "tagged",
  /** The kernel would not send a packet to the underlay. */
  "underlay-refused",
  /**
   * A packet to route that came in at another port than its source's, or from or to an address that no router forwards (RFC
   * 1812 sections 5.3.7 and 5.3.8, RFC 3704).
   */
  "martian",
  /** A packet to route whose hop limit is used up. */
  "hop-limit",
  /** A packet to route without a route to its destination. */
  "no-route",
  /** A packet to route to a machine that did not answer, or that too many packets wait for. */
  "no-host",
  /** Handling it threw an error, which is a bug of Laneway (see containment.ts). */
  "internal-error",
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** Counts drops by reason. */
export class DropCounter {
  readonly #counts = new Map<DropReason, number>();

  /** Counts frames dropped for this reason. */
  count(reason: DropReason, frames = 1): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + frames);
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
