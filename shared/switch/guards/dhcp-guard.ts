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
import { type FrameView, UNREADABLE } from "../frame-view.ts";
import type { Notice } from "../notice.ts";
import type { Port } from "../port.ts";
import { NoticeLimit } from "./notice-limit.ts";

/**
 * DHCPv6 messages that clients and relay agents send (RFC 8415 section 7.3): solicit, request, confirm, renew, rebind,
 * release, decline, information-request, relay-forward.
 */
const REQUESTS_6: ReadonlySet<number> = new Set([1, 3, 4, 5, 6, 8, 9, 11, 12]);

/**
 * DHCP snooping's first half: only ports with the role `dhcp-server` may give addresses away, over IPv4 and IPv6 and for
 * PXE. A relay agent that brings a server's answers needs the role too.
 *
 * A server's message is one that comes from a server's port or goes to a client's, as some clients look only at the
 * latter, unless it says that it is a request. What is in fragments is judged by its ports alone, for a later fragment
 * could overwrite the rest; first fragments that don't show their ports are dropped, and so are packets that hide
 * their protocol. Checksums are not looked at: they may be unfinished, and a wrong one helps nobody.
 */
export class DhcpGuard {
  readonly #notice: (notice: Notice) => void;
  readonly #noticed = new NoticeLimit();

  constructor(notice: (notice: Notice) => void) {
    this.#notice = notice;
  }

  /**
   * @param now seconds
   * @returns why the frame must not go on, if so
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
  // Nothing outside the packet is looked at, not even the frame's padding.
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
