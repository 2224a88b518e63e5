import { readUint16 } from "../../frame/bytes.ts";
import { ETHERNET_SOURCE_OFFSET } from "../../frame/ethernet.ts";
import { PROTOCOL_UDP } from "../../frame/ip/ipv4.ts";
import { UDP_HEADER_BYTES } from "../../frame/ip/udp.ts";
import { formatMac, isGroupAt, readMac } from "../../frame/mac.ts";
import type { DropReason } from "../drops.ts";
import type { Notice } from "../notice.ts";
import type { Port } from "../port.ts";
import { type FrameView, UNREADABLE } from "./frame-view.ts";
import { NoticeLimit } from "./notice-limit.ts";

/** UDP ports (RFC 2131, RFC 8415; 4011 is proxyDHCP's, Intel's PXE specification). */
const SERVER = 67;
const CLIENT = 68;
const PROXY = 4011;
const SERVER_6 = 547;
const CLIENT_6 = 546;

/** Bytes of a UDP header that hold its ports. */
const PORTS_BYTES = 4;

/** The first byte of a DHCP message from a client, or from a relay agent to a server. */
const BOOTREQUEST = 1;

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
    if (!view.has(PROTOCOL_UDP, PORTS_BYTES)) return view.fragment === "first" ? "dhcp-guard" : undefined;
    if (!isFromServer(view)) return undefined;
    if (this.#noticed.isDue(from, now)) this.#tell(from, view);
    return "dhcp-guard";
  }

  detach(port: Port): void {
    this.#noticed.detach(port);
  }

  #tell(port: Port, { bytes, frame, ip }: FrameView): void {
    const mac = formatMac(readMac(bytes, frame + ETHERNET_SOURCE_OFFSET));
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
 * Whether a frame is a DHCP client's (or relay agent's) question to all servers. Where the guard is on, only ports with
 * the role need to get it.
 */
export function isDhcpBroadcast(view: FrameView): boolean {
  if (!view.has(PROTOCOL_UDP, PORTS_BYTES) || !isGroupAt(view.bytes, view.frame)) return false;
  return readUint16(view.bytes, view.transport + 2) === (view.ip === 4 ? SERVER : SERVER_6);
}

function isFromServer(view: FrameView): boolean {
  const { bytes, transport, packetEnd, fragment } = view;
  const from = readUint16(bytes, transport);
  const to = readUint16(bytes, transport + 2);
  const message = transport + UDP_HEADER_BYTES;
  // Nothing outside the packet is looked at, not even the frame's padding.
  const kind = fragment === "none" && message < packetEnd ? (bytes[message] ?? 0) : UNREADABLE;
  if (view.ip === 4) return (from === SERVER || from === PROXY || to === CLIENT) && kind !== BOOTREQUEST;
  return (from === SERVER_6 || to === CLIENT_6) && !REQUESTS_6.has(kind);
}
