/** The headers this folder decodes; a {@link Malformed} names the one that made no sense. */
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
 * Why bytes are not the header they were taken for:
 * - `truncated`: they end before the header, or before what the header says it carries;
 * - `bad-version`: a version field of another protocol;
 * - `bad-length`: a length field smaller than what it has to cover, or not the one this kind has;
 * - `bad-type`: a well-formed header of a kind that is not decoded here;
 * - `bad-checksum`: the header's own checksum is wrong;
 * - `bad-flags`: flags that mean what is not decoded here, or must not be set together;
 * - `no-vni`: a VXLAN header whose I flag is 0, so its VNI means nothing.
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
 * What a decoder returns, and never throws, for bytes it cannot read.
 *
 * Not an `Error`: anyone on a segment may send such bytes at line rate, and a stack trace for each would
 * be their way to slow us down.
 */
export class Malformed {
  readonly name = "Malformed";
  readonly layer: Layer;
  readonly reason: MalformedReason;

  constructor(layer: Layer, reason: MalformedReason) {
    this.layer = layer;
    this.reason = reason;
  }

  /** Stable and fit for a counter's label: `arp.truncated`. */
  get code(): `${Layer}.${MalformedReason}` {
    return `${this.layer}.${this.reason}`;
  }
}
