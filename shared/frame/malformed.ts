/** The headers that this folder decodes. */
export type Layer =
  | "ethernet"
  | "vxlan"
  | "gre"
  | "nvgre"
  | "arp"
  | "ipv4"
  | "ipv6"
  | "icmp"
  | "icmpv6"
  | "igmp"
  | "mld"
  | "udp"
  | "nd"
  | "dhcp";

/**
 * The reason why a decoder refused bytes:
 * - `truncated`: they end before the header, or before the payload that the header announces;
 * - `bad-version`: the version field is of another protocol;
 * - `bad-length`: a length field is too small, or wrong for this kind of header;
 * - `bad-type`: the header is well-formed but of a kind that is not decoded here;
 * - `bad-checksum`: the header's own checksum is wrong;
 * - `bad-flags`: flags are set that are not decoded here, or must not be set together;
 * - `no-vni`: the I flag of a VXLAN header is 0, so its VNI is invalid.
 */
export type MalformedReason =
  | "truncated"
  | "bad-version"
  | "bad-length"
  | "bad-type"
  | "bad-checksum"
  | "bad-flags"
  | "no-vni";

/**
 * The result of a decoder for bytes it cannot read. Decoders never throw.
 *
 * It is not an `Error`, because any machine may send such bytes at line rate, and a stack trace for each would slow the
 * process down.
 */
export class Malformed {
  readonly name = "Malformed";
  readonly layer: Layer;
  readonly reason: MalformedReason;

  constructor(layer: Layer, reason: MalformedReason) {
    this.layer = layer;
    this.reason = reason;
  }

  /** A stable name, for a counter's label: `arp.truncated`. */
  get code(): `${Layer}.${MalformedReason}` {
    return `${this.layer}.${this.reason}`;
  }
}
