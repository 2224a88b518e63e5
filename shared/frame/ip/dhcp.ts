/**
 * DHCP for IPv4, RFC 2131 §2, with the options of RFC 2132 that a switch reads:
 *
 * ```
 *  0       1       2       3       4               8       10      12
 *  +-------+-------+-------+-------+---------------+-------+-------+
 *  |  op   | htype |  hlen | hops  |      xid      | secs  | flags |
 *  +-------+-------+-------+-------+---------------+-------+-------+
 *  |    ciaddr     |    yiaddr     |    siaddr     |    giaddr     |   12 to 28
 *  +---------------+---------------+---------------+---------------+
 *  |    chaddr, 16 bytes, then sname, 64, and file, 128            |   28 to 236
 *  +---------------+-----------------------------------------------+
 *  |  63 82 53 63  |  options: code | length | content …           |   236 to the end
 *  +---------------+-----------------------------------------------+
 * ```
 */
import type { Ipv4Address } from "../address.ts";
import { holds, readUint32 } from "../bytes.ts";
import { MAC_BYTES, readMac } from "../mac.ts";
import { Malformed } from "../malformed.ts";

/** UDP ports: servers and relay agents listen on the first, clients on the second, PXE's proxies on the third. */
export const DHCP_SERVER_PORT = 67;
export const DHCP_CLIENT_PORT = 68;
export const DHCP_PROXY_PORT = 4011;
/** UDP ports of DHCPv6 (RFC 8415 section 7.2). */
export const DHCP6_CLIENT_PORT = 546;
export const DHCP6_SERVER_PORT = 547;

/** Returns whether a UDP port is one of DHCP, of PXE's proxyDHCP or of DHCPv6. */
export function isDhcpPort(port: number): boolean {
  return (
    port === DHCP_SERVER_PORT ||
    port === DHCP_CLIENT_PORT ||
    port === DHCP6_CLIENT_PORT ||
    port === DHCP6_SERVER_PORT ||
    port === DHCP_PROXY_PORT
  );
}

/** Length in bytes of the part before the magic cookie: a whole BOOTP message without its vendor's area. */
export const DHCP_FIXED_BYTES = 236;

/** `op`: from a client, and from a server. */
export const DHCP_OP_REQUEST = 1;
export const DHCP_OP_REPLY = 2;

/** Message types (option 53), RFC 2132 §9.6. */
export const DHCP_DISCOVER = 1;
export const DHCP_OFFER = 2;
export const DHCP_REQUEST = 3;
export const DHCP_DECLINE = 4;
export const DHCP_ACK = 5;
export const DHCP_NAK = 6;
export const DHCP_RELEASE = 7;
export const DHCP_INFORM = 8;

const MAGIC_COOKIE = 0x6382_5363;
const HARDWARE_ETHERNET = 1;

const OPTION_PAD = 0;
const OPTION_LEASE_TIME = 51;
const OPTION_MESSAGE_TYPE = 53;
const OPTION_SERVER_ID = 54;
const OPTION_END = 255;

/** The fields of a message. */
export interface Dhcp {
  /** {@link DHCP_OP_REQUEST} or {@link DHCP_OP_REPLY}. */
  readonly operation: number;
  /** The id of the exchange, 32 bits. */
  readonly transaction: number;
  /** `ciaddr`: the client's address; 0 is none, as in the next two. */
  readonly clientAddress: Ipv4Address;
  /** `yiaddr`: the address that the server assigns. */
  readonly yourAddress: Ipv4Address;
  /** `giaddr`: the relay agent's. */
  readonly relayAddress: Ipv4Address;
  /** `chaddr`: a MAC address; undefined if the client is on another kind of link. */
  readonly clientMac: number | undefined;
  /** Option 53; undefined in plain BOOTP. */
  readonly messageType: number | undefined;
  /** Option 54. */
  readonly serverId: Ipv4Address | undefined;
  /** Option 51, in seconds; 0xffffffff is for ever. */
  readonly leaseSeconds: number | undefined;
}

/**
 * Decodes the message that fills [start, end), the payload of a UDP datagram. Never throws. A BOOTP message, which has
 * no cookie, has no options. A message whose options exceed its end is `truncated`. Ignores option overload (option
 * 52), because no client or server moves these options there in practice.
 */
export function decodeDhcp(bytes: Uint8Array, start: number, end: number): Dhcp | Malformed {
  if (!holds(bytes, start, end, DHCP_FIXED_BYTES)) return new Malformed("dhcp", "truncated");
  const operation = bytes[start] ?? 0;
  if (operation !== DHCP_OP_REQUEST && operation !== DHCP_OP_REPLY) return new Malformed("dhcp", "bad-type");
  const options = readOptions(bytes, start + DHCP_FIXED_BYTES, end);
  if (options instanceof Malformed) return options;
  const ethernet = bytes[start + 1] === HARDWARE_ETHERNET && bytes[start + 2] === MAC_BYTES;
  return {
    operation,
    transaction: readUint32(bytes, start + 4),
    clientAddress: readUint32(bytes, start + 12),
    yourAddress: readUint32(bytes, start + 16),
    relayAddress: readUint32(bytes, start + 24),
    clientMac: ethernet ? readMac(bytes, start + 28) : undefined,
    ...options,
  };
}

/**
 * Reads the options in [start, end), from the cookie on. Of several of a kind, the first with the right length counts.
 */
function readOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
): Pick<Dhcp, "messageType" | "serverId" | "leaseSeconds"> | Malformed {
  let messageType: number | undefined;
  let serverId: number | undefined;
  let leaseSeconds: number | undefined;
  const none = !holds(bytes, start, end, 4) || readUint32(bytes, start) !== MAGIC_COOKIE;
  for (let at = none ? end : start + 4; at < end && bytes[at] !== OPTION_END; ) {
    const code = bytes[at];
    if (code === OPTION_PAD) {
      at++;
      continue;
    }
    const content = at + 2;
    if (content > end) return new Malformed("dhcp", "truncated");
    const length = bytes[at + 1] ?? 0;
    if (content + length > end) return new Malformed("dhcp", "truncated");
    if (code === OPTION_MESSAGE_TYPE && length === 1) messageType ??= bytes[content];
    else if (code === OPTION_SERVER_ID && length === 4) serverId ??= readUint32(bytes, content);
    else if (code === OPTION_LEASE_TIME && length === 4) leaseSeconds ??= readUint32(bytes, content);
    at = content + length;
  }
  return { messageType, serverId, leaseSeconds };
}
