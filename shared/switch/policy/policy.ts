import type { DropReason } from "../drops.ts";
import type { Port } from "../port.ts";
import type { FrameView } from "./frame-view.ts";

/** The receivers of a frame: by the forwarding table, these ports, or none. */
export type PolicyVerdict = "forward" | ReadonlySet<Port> | DropReason;

/**
 * What a hub does beyond flooding and learning: guards, snooping, suppression. It decides about frames that can harm or
 * concern many. Plain unicast, which is nearly all traffic, skips it (see plain-unicast.ts) unless it is
 * {@link isStrict}.
 */
export interface Policy {
  /** Whether it decides about every frame, plain unicast too. */
  readonly isStrict: boolean;
  /** Whether the segment removes 802.1Q tags from frames that come in. */
  readonly stripsTags: boolean;
  attach(port: Port): void;
  detach(port: Port): void;
  /** Does the work that is due; to be called about once a second. @param now seconds, never going back */
  tick(now: number): void;
  /**
   * Returns why a frame may not come in, or undefined if it may. Comes before anything is learnt from the frame.
   *
   * @param packets number of packets in the frame: more than one in a super-frame
   */
  admit(from: Port, view: FrameView, now: number, packets: number): DropReason | undefined;
  /** Returns where a frame that was admitted goes. */
  route(from: Port, view: FrameView, now: number): PolicyVerdict;
  /** Returns why unicast to an address that is not in the table may not be flooded, or undefined if it may. */
  admitUnknown(from: Port, destination: number, now: number, packets: number): DropReason | undefined;
  /** Notes that an address of another port came up at `to`; `accepted` if the table has it there now. */
  noteMove(to: Port, accepted: boolean, now: number): void;
}
