/**
 * The reasons why work that a virtio-net header asks for cannot be done:
 * - `truncated`: the bytes end before a header, or before what one says it carries;
 * - `not-ip`: neither IPv4 nor IPv6, behind any tags;
 * - `bad-header`: an impossible version or length, or lengths that contradict each other;
 * - `fragment`: an IP fragment, whose checksum cannot be known;
 * - `csum-misplaced`: csum_start and csum_offset do not point at a checksum;
 * - `gso-unknown`: an unsupported gso_type;
 * - `gso-mismatch`: a gso_type of another protocol than the frame's;
 * - `gso-no-csum`: a super-frame without NEEDS_CSUM, against virtio 1.2 §5.1.6;
 * - `gso-no-size`: a gso_size of 0;
 * - `gso-too-many`: more and smaller frames than are ever useful.
 */
export type OffloadFaultReason =
  | "truncated"
  | "not-ip"
  | "bad-header"
  | "fragment"
  | "csum-misplaced"
  | "gso-unknown"
  | "gso-mismatch"
  | "gso-no-csum"
  | "gso-no-size"
  | "gso-too-many";

/**
 * The result for a frame that cannot be finished and must be dropped; returned, never thrown.
 *
 * Not an `Error`, for the reason that `Malformed` of shared/frame gives.
 */
export class OffloadFault {
  readonly name = "OffloadFault";
  readonly reason: OffloadFaultReason;

  constructor(reason: OffloadFaultReason) {
    this.reason = reason;
  }
}
