/**
 * Why the work that a virtio-net header asks for can't be done:
 * - `truncated`: the bytes end before a header, or before what one says it carries;
 * - `not-ip`: neither IPv4 nor IPv6, behind whatever tags;
 * - `bad-header`: a version or a length that can't be, or lengths that contradict each other;
 * - `fragment`: an IP fragment, of which nobody can know the checksum;
 * - `csum-misplaced`: csum_start and csum_offset don't point at a checksum of what is there;
 * - `gso-unknown`: a gso_type that is not spoken here;
 * - `gso-mismatch`: a gso_type of another protocol than the frame's;
 * - `gso-no-csum`: a super-frame without NEEDS_CSUM, against virtio 1.2 §5.1.6;
 * - `gso-no-size`: a gso_size of 0;
 * - `gso-too-many`: more and smaller frames than anyone has a use for.
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
 * What is returned, and never thrown, for a frame that can't be finished; it is to be dropped.
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
