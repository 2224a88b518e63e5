import {
  DHCP_CLIENT_PORT,
  DHCP_OP_REQUEST,
  DHCP_PROXY_PORT,
  DHCP_SERVER_PORT,
  DHCP6_CLIENT_PORT,
  DHCP6_SERVER_PORT,
} from "../../frame/ip/dhcp.ts";
import { PROTOCOL_UDP } from "../../frame/ip/ipv4.ts";
import { UDP_HEADER_BYTES } from "../../frame/ip/udp.ts";
import { formatMac } from "../../frame/mac.ts";
import type { DropReason } from "../drops.ts";
import type { SegmentNotice } from "../notice.ts";
import { type FrameView, UNREADABLE } from "../policy/frame-view.ts";
import type { Port } from "../port.ts";
import { PortNoticeLimit } from "./notice-limit.ts";

/**
 * DHCPv6 messages that clients and relay agents send (RFC 8415 section 7.3): solicit, request, confirm, renew, rebind,
 * release, decline, information-request, relay-forward.
 */
const REQUESTS_6: ReadonlySet<number> = new Set([1, 3, 4, 5, 6, 8, 9, 11, 12]);

/**
 * The filter of DHCP snooping: only ports with the role `dhcp-server` may assign addresses, by DHCP, DHCPv6 and PXE. A
 * relay agent that forwards a server's answers needs the role too.
 *
 * A message counts as a server's if it comes from a server's port or goes to a client's, unless it says that it is a
 * request. The client's port alone is enough because some clients check no other. In fragments only the ports count,
 * because a later fragment could overwrite the rest. First fragments without ports are dropped, and so are packets that
 * hide their protocol. Checksums are ignored: an offload may leave them unfinished.
 */
export class DhcpGuard {
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
    if (view.ip === 0 || from.roles.has("dhcp-server")) return undefined;
    if (view.protocol !== PROTOCOL_UDP) return view.protocol === UNREADABLE ? "dhcp-guard" : undefined;
    if (view.sourcePort === UNREADABLE) return view.fragment === "first" ? "dhcp-guard" : undefined;
    if (!isFromServer(view)) return undefined;
    if (this.#noticed.isDue(from, now)) this.#tell(from, view);
    return "dhcp-guard";
  }

  detach(port: Port): void {
    this.#noticed.detach(port);
  }

  #tell(port: Port, { source, ip }: FrameView): void {
    const mac = formatMac(source);
    this.#notice({
      code: "rogue-dhcp-server",
      message:
        `${mac} at ${port.id} answers as a DHCP${ip === 6 ? "v6" : ""} server, and is not heard as the port is no server's. ` +
        "Give it the role dhcp-server if it is meant to be one; else stop the server.",
      ports: [port],
    });
  }
}

/**
 * Returns whether a frame is a question of a DHCP client or relay agent to all servers. While the guard is on, only ports
 * with the role get it.
 */
export function isDhcpBroadcast({ isGroup, ip, destinationPort }: FrameView): boolean {
  return isGroup && destinationPort === (ip === 4 ? DHCP_SERVER_PORT : DHCP6_SERVER_PORT);
}

function isFromServer(view: FrameView): boolean {
  const { bytes, ip, transport, packetEnd, fragment, sourcePort, destinationPort } = view;
  const message = transport + UDP_HEADER_BYTES;
  // Reads nothing outside the packet, not even the frame's padding.
  const kind = fragment === "none" && message < packetEnd ? (bytes[message] ?? 0) : UNREADABLE;
  if (ip === 6) {
    return (
      (sourcePort === DHCP6_SERVER_PORT || destinationPort === DHCP6_CLIENT_PORT) && !REQUESTS_6.has(kind)
    );
  }
  return (
    (sourcePort === DHCP_SERVER_PORT ||
      sourcePort === DHCP_PROXY_PORT ||
      destinationPort === DHCP_CLIENT_PORT) &&
    kind !== DHCP_OP_REQUEST
  );
}
