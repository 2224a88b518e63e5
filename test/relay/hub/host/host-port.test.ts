import { beforeEach, describe, expect, it } from "vitest";
import { HubHostPort } from "../../../../relay/hub/host/host-port.ts";
import type { UdpService } from "../../../../relay/hub/host/services.ts";
import {
  formatAddress,
  type IpAddress,
  linkLocalOf,
  parseAddress,
} from "../../../../shared/frame/address.ts";
import { readUint32 } from "../../../../shared/frame/bytes.ts";
import { ETHERNET_HEADER_BYTES, encodeEthernet } from "../../../../shared/frame/ethernet.ts";
import { encodeIcmpEcho, encodeIcmpv6Echo } from "../../../../shared/frame/ip/icmp.ts";
import { encodeIpv4, PROTOCOL_TCP } from "../../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6 } from "../../../../shared/frame/ip/ipv6.ts";
import { encodeUdp, sealUdp } from "../../../../shared/frame/ip/udp.ts";
import { VIRTIO_BYTES } from "../../../../shared/offload/virtio.ts";
import { encapsulate, OFFLOAD_BYTES, RECORD_OFFLOAD } from "../../../../shared/protocol/record.ts";
import { hubMac } from "../../../../shared/switch/policy/hub-policy.ts";
import { Segment } from "../../../../shared/switch/segment.ts";
import { Block } from "../../../../shared/tunnel/block.ts";
import { readWithTshark } from "../../../shared/frame/tshark/read-with-tshark.ts";
import { frameBytes, KeepingPort, receive } from "../../../shared/switch/ports.ts";
import { requires } from "../../../support/requirements.ts";

const VNI = 101;
const HUB = hubMac(VNI);
const ALICE = 0x0200_0000_000a;
const BOB = 0x0200_0000_000b;
const ECHO_PORT = 7;

const hub4 = ip("10.20.0.1");
const hub6 = ip("fd12:3456:789a::1");
const alice4 = ip("10.20.0.7");
const alice6 = ip("fd12:3456:789a::7");

function ip(text: string): IpAddress {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(text);
  return address;
}

/** Returns the request, except `bad`. */
const echoService: UdpService = {
  answer: (request, capacity) =>
    Buffer.from(request).toString() === "bad" ? "malformed" : request.slice(0, capacity),
};

describe("the hub as a host in its segment", () => {
  let now: number;
  let segment: Segment;
  let host: HubHostPort;
  let alice: KeepingPort;
  let bob: KeepingPort;

  beforeEach(() => {
    now = 1_000;
    segment = new Segment(VNI, () => now);
    host = newHost();
    [alice, bob] = [new KeepingPort("alice"), new KeepingPort("bob")];
    for (const port of [alice, bob]) segment.attach(port);
  });

  function newHost(more: Partial<ConstructorParameters<typeof HubHostPort>[0]> = {}): HubHostPort {
    const udp = new Map([[ECHO_PORT, echoService]]);
    const addresses = [hub4, hub6];
    return new HubHostPort({ segment, mac: HUB, addresses, mtu: 1_500, udp, clock: () => now, ...more });
  }

  function send(frame: Uint8Array, from = alice): void {
    receive(segment, from, [...frame]);
    segment.flush();
  }

  it.each([
    ["IPv4", hub4, alice4],
    ["IPv6", hub6, alice6],
    ["IPv6, by its link-local address", linkLocalOf(HUB), linkLocalOf(ALICE)],
  ])("answers a ping over %s, to its sender alone", (_, own, asker) => {
    send(ping(asker, own));
    expect(bob.frames).toEqual([]);
    expect(alice.frames).toEqual([[...ping(own, asker, "reply", { source: HUB, destination: ALICE })]]);
    expect(host).toMatchObject({ txFrames: 1, rxFrames: 1 });
  });

  it.each([
    ["IPv4", hub4, alice4],
    ["IPv6", hub6, alice6],
  ])("offers its service over UDP and %s", (_, own, asker) => {
    send(datagram(asker, own, { text: "hello" }));
    const reply = { text: "hello", from: ECHO_PORT, to: 4_000 };
    expect(alice.frames).toEqual([[...datagram(own, asker, reply, { source: HUB, destination: ALICE })]]);
  });

  it.runIf(requires("tshark"))("writes packets whose checksums are right", () => {
    for (const [own, asker] of [
      [hub4, alice4],
      [hub6, alice6],
    ] as const) {
      send(ping(asker, own));
      send(datagram(asker, own, { text: "odd" }));
    }
    const frames = alice.frames.map((frame) => Uint8Array.from(frame));
    expect(frames).toHaveLength(4);
    const fields = ["ip", "icmp", "icmpv6", "udp"].map((layer) => `${layer}.checksum.status`);
    const seen = readWithTshark(frames, fields).map((row) => Object.values(row).join(""));
    // 1 is good: for the packet and its payload over IPv4, for the payload alone over IPv6.
    expect(seen).toEqual(["11", "11", "1", "1"]);
  });

  it("completes the checksums that a host with offload left undone", () => {
    const plain = datagram(alice4, hub4, { text: "hello" });
    const frame = Uint8Array.from(plain);
    // UDP over IPv4: the sum of the pseudo-header alone, and the checksum's offsets.
    const udp = ETHERNET_HEADER_BYTES + 20;
    frame.set([0, 0], udp + 6);
    const bytes = new Uint8Array(OFFLOAD_BYTES + frame.length);
    bytes.set(frame, OFFLOAD_BYTES);
    encapsulate(bytes, 0, bytes.length, VNI, RECORD_OFFLOAD);
    const virtio = OFFLOAD_BYTES - VIRTIO_BYTES;
    const sum = pseudoSum(alice4, hub4, 8 + 5);
    bytes.set([sum >>> 8, sum & 0xff], OFFLOAD_BYTES + udp + 6);
    bytes.set([1, 0, 0, 0, 0, 0, udp, 0, 6, 0], virtio);
    segment.forward(alice, new Block(bytes), 0, OFFLOAD_BYTES, bytes.length);
    expect(alice.drops.toJSON()).toEqual({});
    expect(alice.frames).toHaveLength(1);
  });

  it.each([
    ["another's IP address", ping(alice4, ip("10.20.0.9")), "not-served"],
    ["an unused UDP port", datagram(alice4, hub4, { text: "x", to: 9 }), "not-served"],
    [
      "a service by a service, which would go on for ever",
      datagram(alice4, hub4, { text: "x", from: ECHO_PORT }),
      "not-served",
    ],
    ["TCP", packet(alice4, hub4, PROTOCOL_TCP, 20), "not-served"],
    ["an unsolicited answer", ping(alice4, hub4, "reply"), "not-served"],
    ["another protocol than IP", Uint8Array.from(frameBytes(HUB, ALICE)), "not-served"],
    [
      "a VLAN of its own",
      Uint8Array.from([
        ...ping(alice4, hub4).subarray(0, 12),
        0x81,
        0,
        0,
        10,
        ...ping(alice4, hub4).subarray(12),
      ]),
      "not-served",
    ],
    ["itself, from its own address", ping(hub4, hub4), "malformed"],
    ["itself, from the unspecified address", ping(ip("0.0.0.0"), hub4), "malformed"],
    ["itself, from everybody's address", ping(ip("255.255.255.255"), hub4), "malformed"],
    ["a truncated packet", ping(alice4, hub4).subarray(0, 30), "malformed"],
    ["a message with a wrong checksum", spoilt(ping(alice4, hub4)), "malformed"],
    ["a message of IPv6 with a wrong checksum", spoilt(ping(alice6, hub6)), "malformed"],
    ["a datagram with a wrong checksum", spoilt(datagram(alice4, hub4, { text: "hello" })), "malformed"],
    ["a datagram that its service cannot parse", datagram(alice4, hub4, { text: "bad" }), "malformed"],
    ["a fragment", fragment(ping(alice4, hub4)), "not-served"],
  ])("drops a packet for %s, and counts it", (_, frame, reason) => {
    send(frame);
    expect(alice.drops.toJSON()).toEqual({ [reason]: 1 });
    expect(alice.frames).toEqual([]);
    expect(bob.frames).toEqual([]);
  });

  it("limits the packets of one port, without affecting another", () => {
    for (let i = 0; i < 500; i++) send(ping(alice4, hub4));
    expect(alice.frames).toHaveLength(400);
    expect(alice.drops.toJSON()).toEqual({ "host-rate": 100 });
    send(ping(ip("10.20.0.8"), hub4, "request", { source: BOB, destination: HUB }), bob);
    expect(bob.frames).toHaveLength(1);
    now += 0.5;
    for (let i = 0; i < 500; i++) send(ping(alice4, hub4));
    expect(alice.frames).toHaveLength(500);
  });

  it("receives no frames for other hosts, or for all", () => {
    for (const to of [BOB, 0xffff_ffff_ffff, 0x3333_0000_0001])
      receive(segment, alice, frameBytes(to, ALICE));
    receive(segment, bob, frameBytes(ALICE, BOB));
    expect(host.txFrames).toBe(0);
    expect(segment.ports.has(host)).toBe(false);
  });

  it("owns its MAC address: no port can send from it, pin it elsewhere, or remove it", () => {
    receive(segment, bob, frameBytes(ALICE, HUB));
    expect(bob.drops.of("static-mac")).toBe(1);
    segment.table.pin(HUB, bob, now);
    segment.table.unpin(HUB);
    expect(segment.table.register(HUB, bob, now)).toBe("static-mac");
    expect(segment.table.lookup(HUB)).toBe(host);
  });

  it("passes packets for other IP addresses to its forwarder, as a gateway", () => {
    const forwarded: string[] = [];
    host.forward = (_from, bytes, frame) => {
      const destination = readUint32(bytes, frame + ETHERNET_HEADER_BYTES + 16);
      if (destination === hub4) return "own";
      forwarded.push(formatAddress(destination));
      return forwarded.length > 1 ? "no-route" : undefined;
    };
    send(ping(alice4, ip("192.0.2.1")));
    expect(alice.drops.toJSON()).toEqual({});
    send(ping(alice4, ip("192.0.2.2")));
    expect(alice.drops.toJSON()).toEqual({ "no-route": 1 });
    expect(forwarded).toEqual(["192.0.2.1", "192.0.2.2"]);
    send(ping(alice4, hub4));
    expect(alice.frames).toHaveLength(1);
  });
});

interface Ends {
  readonly source: number;
  readonly destination: number;
}

const TO_HUB: Ends = { source: ALICE, destination: HUB };

/** An echo with 32 bytes of data. */
function ping(
  from: IpAddress,
  to: IpAddress,
  kind: "request" | "reply" = "request",
  ends = TO_HUB,
): Uint8Array {
  const echo = { kind, identifier: 7, sequence: 1, data: new Uint8Array(32).fill(0x61) };
  const { frame, payload } = begun(from, to, typeof from === "number" ? 1 : 58, 40, ends);
  if (typeof from === "number") encodeIcmpEcho(frame, payload, echo);
  else if (typeof to === "bigint") encodeIcmpv6Echo(frame, payload, echo, from, to);
  return frame;
}

function datagram(
  from: IpAddress,
  to: IpAddress,
  {
    text,
    from: sourcePort = 4_000,
    to: destinationPort = ECHO_PORT,
  }: { text: string; from?: number; to?: number },
  ends = TO_HUB,
): Uint8Array {
  const { frame, payload } = begun(from, to, 17, 8 + text.length, ends);
  const header = { sourcePort, destinationPort, payloadLength: text.length };
  frame.set(Buffer.from(text), encodeUdp(frame, payload, header));
  sealUdp(frame, payload, from, to);
  return frame;
}

function packet(from: IpAddress, to: IpAddress, protocol: number, length: number): Uint8Array {
  return begun(from, to, protocol, length, TO_HUB).frame;
}

function begun(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  payloadLength: number,
  ends: Ends,
) {
  const isV4 = typeof source === "number";
  const frame = new Uint8Array(ETHERNET_HEADER_BYTES + (isV4 ? 20 : 40) + payloadLength);
  const at = encodeEthernet(frame, 0, { ...ends, tags: [], etherType: isV4 ? 0x0800 : 0x86dd });
  const payload =
    typeof source === "number"
      ? encodeIpv4(frame, at, { source, destination: Number(destination), protocol, payloadLength })
      : encodeIpv6(frame, at, {
          source,
          destination: BigInt(destination),
          nextHeader: protocol,
          payloadLength,
        });
  return { frame, payload };
}

/** With its last byte changed. */
function spoilt(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 0xff;
  return copy;
}

/** The first of several fragments. */
function fragment(frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  const ipHeader = ETHERNET_HEADER_BYTES;
  encodeIpv4(copy, ipHeader, {
    source: Number(alice4),
    destination: Number(hub4),
    protocol: 1,
    payloadLength: copy.length - ipHeader - 20,
    moreFragments: true,
  });
  return copy;
}

/** RFC 1071, of the pseudo-header of UDP over IPv4. */
function pseudoSum(source: IpAddress, destination: IpAddress, length: number): number {
  let sum = 17 + length;
  for (const address of [Number(source), Number(destination)]) sum += (address >>> 16) + (address & 0xffff);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
