// Frames of machines that resolve neighbours and join groups, byte by byte: the tests' own, like the client's.
import { Buffer } from "node:buffer";
import { BROADCAST, ethernet } from "./client.ts";

/** Returns an ARP request of `mac`, which has `address`, for `target`. */
export function arpRequest(mac: string, address: string, target: string): Buffer {
  const frame = ethernet(BROADCAST, mac);
  Buffer.concat([
    Buffer.from("08060001080006040001", "hex"),
    bytesOf(mac),
    ipv4(address),
    Buffer.alloc(6),
    ipv4(target),
  ]).copy(frame, 12);
  return frame;
}

/** Reads an ARP reply: the owner of an address, and the receiver. */
export function readArpReply(frame: Buffer): { to: string; mac: string; address: string } | undefined {
  if (frame.toString("hex", 12, 22) !== "08060001080006040002") return undefined;
  return { to: macAt(frame, 0), mac: macAt(frame, 22), address: [...frame.subarray(28, 32)].join(".") };
}

/** Returns an IGMPv2 report (RFC 2236) of a machine that is in `group`. */
export function igmpReport(mac: string, group: string): Buffer {
  const igmp = Buffer.concat([Buffer.from([0x16, 0, 0, 0]), ipv4(group)]);
  igmp.writeUInt16BE(internetChecksum(igmp), 2);
  return ipv4Frame(mac, group, 2, igmp);
}

/** Returns an IPv4 datagram to a group, of the experimental protocol 253. */
export function toGroup(mac: string, group: string): Buffer {
  return ipv4Frame(mac, group, 253, Buffer.alloc(30, 0xaa));
}

/** Returns a DHCP server's offer, complete enough to be recognised as one. */
export function dhcpOffer(mac: string): Buffer {
  const udp = Buffer.alloc(8 + 240);
  udp.writeUInt16BE(67, 0);
  udp.writeUInt16BE(68, 2);
  udp.writeUInt16BE(udp.length, 4);
  udp[8] = 2;
  return ipv4Frame(mac, "255.255.255.255", 17, udp);
}

function ipv4Frame(mac: string, destination: string, protocol: number, payload: Buffer): Buffer {
  const header = Buffer.from("450000000000000001000000", "hex");
  header.writeUInt16BE(20 + payload.length, 2);
  header[9] = protocol;
  const ip = Buffer.concat([header, ipv4("10.0.0.1"), ipv4(destination)]);
  ip.writeUInt16BE(internetChecksum(ip), 10);
  const [, second = 0, third = 0, fourth = 0] = ipv4(destination);
  const group = `01:00:5e:${[second & 0x7f, third, fourth].map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`;
  const frame = ethernet(
    destination === "255.255.255.255" ? BROADCAST : group,
    mac,
    Buffer.concat([ip, payload]),
  );
  frame.writeUInt16BE(0x0800, 12);
  return frame;
}

/** Returns the checksum of RFC 1071. */
function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function ipv4(text: string): Buffer {
  return Buffer.from(text.split(".").map(Number));
}

function bytesOf(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}

function macAt(frame: Buffer, at: number): string {
  return (frame.toString("hex", at, at + 6).match(/../g) ?? []).join(":");
}
