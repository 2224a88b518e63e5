import { PROTOCOL_ICMPV6 } from "../../frame/ip/ipv4.ts";
import { formatMac } from "../../frame/mac.ts";
import type { DropReason } from "../drops.ts";
import type { SegmentNotice } from "../notice.ts";
import { type FrameView, UNREADABLE } from "../policy/frame-view.ts";
import type { Port } from "../port.ts";
import { PortNoticeLimit } from "./notice-limit.ts";

const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const REDIRECT = 137;
/** Types of secure neighbour discovery (RFC 3971). */
const CERTIFICATION_PATH_SOLICITATION = 148;
const CERTIFICATION_PATH_ADVERTISEMENT = 149;

/**
 * RA guard (RFC 6105, with the advice of RFC 7113): only ports with the role `router` may advertise routers.
 *
 * From the other ports it also drops
 * - neighbour discovery in fragments, which machines ignore anyway (RFC 6980 section 5), and first fragments that do not
 *   show their ICMPv6 type;
 * - packets whose extension headers do not end or are too many.
 *
 * Later fragments pass, because they are useless without the first. Unlike RFC 7113 the guard also drops advertisements
 * with a wrong source or hop limit. Unknown header types count as protocols and pass, because machines do not look
 * behind them either (RFC 8200 section 4).
 */
export class RaGuard {
  readonly #notice: (notice: SegmentNotice) => void;
  readonly #noticed = new PortNoticeLimit();

  constructor(notice: (notice: SegmentNotice) => void) {
    this.#notice = notice;
  }

  /**
   * Returns why a frame must not go on, or undefined if it may.
   *
   * @param now seconds
   */
  check(from: Port, view: FrameView, now: number): DropReason | undefined {
    if (view.ip !== 6 || from.roles.has("router")) return undefined;
    if (view.protocol === UNREADABLE) return "ra-guard";
    if (view.protocol !== PROTOCOL_ICMPV6 || view.fragment === "later") return undefined;
    if (view.transport >= view.packetEnd) return "ra-guard";
    const type = view.bytes[view.transport] ?? 0;
    if (type === ROUTER_ADVERTISEMENT || type === REDIRECT) {
      if (this.#noticed.isDue(from, now)) this.#tell(from, view, type);
      return "ra-guard";
    }
    return view.fragment === "first" && isNeighbourDiscovery(type) ? "ra-guard" : undefined;
  }

  detach(port: Port): void {
    this.#noticed.detach(port);
  }

  #tell(port: Port, { source }: FrameView, type: number): void {
    const mac = formatMac(source);
    const what = type === REDIRECT ? "redirects" : "router advertisements";
    this.#notice({
      code: "rogue-router",
      message:
        `${mac} at ${port.id} sends ${what}, which are dropped as the port is no router's. ` +
        "Give it the role router if it is meant to be one; else look for tethering or a router plugged in by mistake.",
      ports: [port],
    });
  }
}

/** RFC 6980 section 5 lists these; 133 to 137 are solicitations, advertisements and redirects. */
function isNeighbourDiscovery(type: number): boolean {
  return (
    (type >= ROUTER_SOLICITATION && type <= REDIRECT) ||
    type === CERTIFICATION_PATH_SOLICITATION ||
    type === CERTIFICATION_PATH_ADVERTISEMENT
  );
}
