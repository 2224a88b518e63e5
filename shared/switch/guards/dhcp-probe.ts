import { writeUint16, writeUint32 } from "../../frame/bytes.ts";
import { ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, encodeEthernet } from "../../frame/ethernet.ts";
import {
  DHCP_CLIENT_PORT,
  DHCP_DISCOVER,
  DHCP_FIXED_BYTES,
  DHCP_OP_REQUEST,
  DHCP_SERVER_PORT,
} from "../../frame/ip/dhcp.ts";
import { encodeIpv4, IPV4_HEADER_BYTES, PROTOCOL_UDP } from "../../frame/ip/ipv4.ts";
import { encodeUdp, sealUdp, UDP_HEADER_BYTES } from "../../frame/ip/udp.ts";
import { BROADCAST_MAC, writeMac } from "../../frame/mac.ts";
import type { HubSender } from "../hub-sender.ts";
import type { Port } from "../port.ts";

/** Seconds from a machine's question, which ports without the role did not get, to the hub's own question. */
const DELAY_SECONDS = 30;

/** Seconds between two questions to one port. */
const REPEAT_SECONDS = 3_600;

/** Greatest number of ports probed in a tick. */
const PORTS_PER_TICK = 64;

const LIMITED_BROADCAST = 0xffff_ffff;
const MAGIC_COOKIE = 0x6382_5363;
const BROADCAST_FLAG = 0x8000;
const OPTION_MESSAGE_TYPE = 53;
const OPTION_END = 255;
/** A BOOTP message has 300 bytes at least (RFC 951, RFC 1542 section 2.1). */
const MESSAGE_BYTES = 300;
const UDP_OFFSET = ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES;

/**
 * Finds DHCP servers behind ports without the role. Such ports get no questions of machines, so a server there never
 * answers, and its owner would not learn why. Once a machine asks, the hub sends each such port a question of its own
 * (RFC 2131 `DHCPDISCOVER`), once an hour. {@link DhcpGuard} drops the answer and gives notice.
 */
export class DhcpProbe {
  readonly #sender: HubSender;
  readonly #frame: Uint8Array | undefined;
  readonly #askedAt = new Map<Port, number>();
  /** When a machine first asked since the last probe, in seconds; undefined if none has. */
  #wantedAt: number | undefined;

  /** @param mac the hub's own */
  constructor(mac: number, sender: HubSender) {
    this.#sender = sender;
    this.#frame = discover(mac);
  }

  /** Notes that a machine asked for a server, and that ports without the role did not get the question. */
  withheld(now: number): void {
    this.#wantedAt ??= now;
  }

  /** Sends the probes that are due; to be called about once a second. @param ports all ports of the segment */
  tick(ports: Iterable<Port>, now: number): void {
    if (this.#frame === undefined || this.#wantedAt === undefined) return;
    if (now - this.#wantedAt < DELAY_SECONDS) return;
    let left = PORTS_PER_TICK;
    for (const port of ports) {
      if (port.cut || port.roles.has("dhcp-server")) continue;
      if (now - (this.#askedAt.get(port) ?? Number.NEGATIVE_INFINITY) < REPEAT_SECONDS) continue;
      if (left-- === 0) return;
      this.#askedAt.set(port, now);
      this.#sender.toPort(port, this.#frame);
    }
    this.#wantedAt = undefined;
  }

  detach(port: Port): void {
    this.#askedAt.delete(port);
  }
}

/** Builds a client's question to all servers. It asks for a broadcast answer, because the hub has no IP address. */
function discover(mac: number): Uint8Array | undefined {
  const bytes = new Uint8Array(UDP_OFFSET + UDP_HEADER_BYTES + MESSAGE_BYTES);
  const ip = encodeEthernet(bytes, 0, {
    destination: BROADCAST_MAC,
    source: mac,
    tags: [],
    etherType: ETHERTYPE_IPV4,
  });
  const udp = encodeIpv4(bytes, ip, {
    protocol: PROTOCOL_UDP,
    source: 0,
    destination: LIMITED_BROADCAST,
    payloadLength: UDP_HEADER_BYTES + MESSAGE_BYTES,
  });
  const message = encodeUdp(bytes, udp, {
    sourcePort: DHCP_CLIENT_PORT,
    destinationPort: DHCP_SERVER_PORT,
    payloadLength: MESSAGE_BYTES,
  });
  if (message === undefined) return undefined;
  // op, htype Ethernet, hlen.
  bytes.set([DHCP_OP_REQUEST, 1, 6], message);
  writeUint32(bytes, message + 4, mac % 2 ** 32);
  writeUint16(bytes, message + 10, BROADCAST_FLAG);
  writeMac(bytes, message + 28, mac);
  writeUint32(bytes, message + DHCP_FIXED_BYTES, MAGIC_COOKIE);
  bytes.set([OPTION_MESSAGE_TYPE, 1, DHCP_DISCOVER, OPTION_END], message + DHCP_FIXED_BYTES + 4);
  return sealUdp(bytes, udp, 0, LIMITED_BROADCAST) === undefined ? undefined : bytes;
}
