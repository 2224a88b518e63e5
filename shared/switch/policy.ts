import type { DropReason } from "./drops.ts";
import type { FrameView } from "./frame-view.ts";
import type { Port } from "./port.ts";

/** What is to become of a frame: as the forwarding table says, to these ports, or no further. */
export type Verdict = "forward" | ReadonlySet<Port> | DropReason;

/**
 * What a hub does beyond flooding and learning: guards, snooping, suppression. It is asked about what can harm or
 * concern many; the unicast that makes up the traffic passes it by (see plain-unicast.ts), unless it is {@link strict}.
 */
export interface Policy {
  /** Whether it wants to see every frame. */
  readonly strict: boolean;
  /** Whether 802.1Q tags are taken off what comes in. */
  readonly stripTags: boolean;
  attach(port: Port): void;
  detach(port: Port): void;
  /** About once a second. @param now seconds, never going back */
  tick(now: number): void;
  /**
   * Whether the frame may come in, asked before anything is learnt from it; the reason if not.
   *
   * @param packets how many the frame stands for: more than one for a super-frame
   */
  admit(from: Port, view: FrameView, now: number, packets: number): DropReason | undefined;
  /** Returns where a frame that was admitted goes. */
  route(from: Port, view: FrameView, now: number): Verdict;
  /** Whether a unicast frame, which stands for `packets`, may be flooded whose destination is not in the table; the reason if not. */
  unknown(from: Port, destination: number, now: number, packets: number): DropReason | undefined;
  /** An address that is known elsewhere came up at a port; `accepted` if it is there now. */
  moved(to: Port, accepted: boolean, now: number): void;
}
