// A minimal DHCP client, run as a program with the address and the MAC address of its interface. `ADDRESS MAC discover
// N` sends N discovers and prints a line for each offer, until it is killed; `ADDRESS MAC lease` takes the first offer
// and prints `{"event":"ack",…}`; `ADDRESS MAC pxe SERVER` asks a boot server on its port 4011. Its interface already
// has an address, so that the kernel has a route.
import { createSocket, type RemoteInfo } from "node:dgram";
import { setTimeout as delay } from "node:timers/promises";
import { formatAddress, parseAddress } from "../../../shared/frame/address.ts";
import {
  DHCP_ACK,
  DHCP_CLIENT_PORT,
  DHCP_DISCOVER,
  DHCP_OFFER,
  DHCP_OP_REQUEST,
  DHCP_PROXY_PORT,
  DHCP_REQUEST,
  DHCP_SERVER_PORT,
  decodeDhcp,
} from "../../../shared/frame/ip/dhcp.ts";
import { parseMac } from "../../../shared/frame/mac.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";
import { dhcpMessage, word } from "../../shared/frame/dhcp-message.ts";

const PAUSE_MS = 50;
const FLAGS_OFFSET = 10;
const BROADCAST_FLAG = 0x80;
const [VENDOR_OPTIONS, REQUESTED_ADDRESS, MESSAGE_TYPE, SERVER] = [43, 50, 53, 54] as const;
const [VENDOR_CLASS, ARCHITECTURE] = [60, 93] as const;
/** Selects dnsmasq's first boot service, layer 0: PXE specification 2.1, table 2-1. */
const BOOT_ITEM = [71, 4, 0x80, 0, 0, 0, 255];

const [own = "", macText = "", mode, argument = ""] = process.argv.slice(2);
const mac = parseMac(macText) ?? 0;
/** A socket bound to an address sends there, but receives no broadcasts. */
const sender = createSocket({ type: "udp4", reuseAddr: true });
const receiver = createSocket({ type: "udp4", reuseAddr: true });
receiver.on("message", (bytes, from) => hear("broadcast", bytes, from));
sender.on("message", (bytes, from) => hear("unicast", bytes, from));
await Promise.all([bind(sender, own), bind(receiver, "0.0.0.0")]);
sender.setBroadcast(true);

if (mode === "pxe") {
  const vendor = [...Buffer.from("PXEClient:Arch:00000:UNDI:002001")];
  const chosen = [VENDOR_OPTIONS, BOOT_ITEM] as const;
  const options = [
    type(DHCP_REQUEST),
    [VENDOR_CLASS, vendor] as const,
    [ARCHITECTURE, [0, 0]] as const,
    chosen,
  ];
  send(1, options, argument, DHCP_PROXY_PORT);
} else {
  const count = mode === "discover" ? Number(argument) : 1;
  for (let xid = 1; xid <= count; xid++) {
    send(xid, [type(DHCP_DISCOVER)]);
    await delay(PAUSE_MS);
  }
}

function hear(how: string, bytes: Uint8Array, { address: server, port }: RemoteInfo): void {
  const message = decodeDhcp(bytes, 0, bytes.length);
  if (message instanceof Malformed || message.clientMac !== mac) return;
  const address = formatAddress(message.yourAddress);
  if (message.messageType === DHCP_OFFER) {
    tell({ event: "offer", server, address, how });
    const options = [type(DHCP_REQUEST), [REQUESTED_ADDRESS, word(message.yourAddress)] as const];
    const chosen = [SERVER, word(Number(parseAddress(server)))] as const;
    if (mode === "lease") send(2, [...options, chosen]);
  } else if (message.messageType === DHCP_ACK) {
    tell({ event: "ack", server, address, port });
  }
}

function type(messageType: number): readonly [number, readonly number[]] {
  return [MESSAGE_TYPE, [messageType]];
}

function send(
  xid: number,
  options: readonly (readonly [number, readonly number[]])[],
  server = "255.255.255.255",
  port = DHCP_SERVER_PORT,
): void {
  const ciaddr = mode === "pxe" ? Number(parseAddress(own)) : 0;
  const message = dhcpMessage({ op: DHCP_OP_REQUEST, xid, mac, ciaddr, options });
  message[FLAGS_OFFSET] = BROADCAST_FLAG;
  sender.send(message, port, server);
}

function bind(socket: typeof sender, address: string): Promise<void> {
  return new Promise((resolve) => socket.bind(DHCP_CLIENT_PORT, address, resolve));
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
