import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { NetworkHub } from "../../../../relay/hub/network-hub.ts";
import { portConfig } from "../../../../relay/hub/ports/config.ts";
import { Endpoints } from "../../../../relay/hub/ports/endpoints.ts";
import { type OpenPort, openPort } from "../../../../relay/hub/ports/open-port.ts";
import { ROUTER_LIMITS } from "../../../../relay/hub/router/limits.ts";
import type { Network } from "../../../../relay/model/model.ts";
import { formatAddress, parseAddress } from "../../../../shared/frame/address.ts";
import { ARP_REPLY, ARP_REQUEST, decodeArp, encodeArp } from "../../../../shared/frame/arp.ts";
import { writeUint16 } from "../../../../shared/frame/bytes.ts";
import { checksum } from "../../../../shared/frame/checksum.ts";
import { decodeGre, encodeGre } from "../../../../shared/frame/encapsulation/gre.ts";
import { ETHERTYPE_ARP, encodeEthernet } from "../../../../shared/frame/ethernet.ts";
import { encodeIcmpEcho, encodeIcmpv6Echo } from "../../../../shared/frame/ip/icmp.ts";
import { decodeIpv4, encodeIpv4, type Ipv4, type Ipv4Fields } from "../../../../shared/frame/ip/ipv4.ts";
import { decodeIpv6, encodeIpv6, type Ipv6 } from "../../../../shared/frame/ip/ipv6.ts";
import {
  decodeNeighbourDiscovery,
  encodeNeighbourAdvertisement,
} from "../../../../shared/frame/ip/neighbour-discovery.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import { hubMac } from "../../../../shared/switch/policy/hub-policy.ts";
import { DEFAULT_SETTINGS } from "../../../../shared/switch/settings.ts";
import { KeepingPort, receive } from "../../../shared/switch/ports.ts";
import { ipFrame } from "../../../support/frames.ts";
import { type FakeSocket, FakeUnderlay } from "../ports/fake-underlay.ts";

const VNI = 101;
const HUB = hubMac(VNI);
const ALICE = 0x0200_0000_000a;
const BOB = 0x0200_0000_000b;
const alice = ip("10.20.0.7");
const bob = ip("10.20.0.8");
const gateway = ip("10.20.0.254");
const far = ip("10.30.0.9");
const REMOTE = "192.0.2.1";
const GRE4 = 0x0800;
const GRE6 = 0x86dd;
/** 1500 of the underlay, less 28 of the fake socket and 4 of GRE. */
const MTU = 1_468;

const CONFIG = {
  kind: "gre",
  mode: "routed",
  remotes: [REMOTE],
  gateways: ["10.20.0.254/24"],
  routes: ["10.30.0.0/16"],
};

function ip(text: string): number {
  const address = parseAddress(text);
  if (typeof address !== "number") throw new Error(text);
  return address;
}

function ip6(text: string): bigint {
  const address = parseAddress(text);
  if (typeof address !== "bigint") throw new Error(text);
  return address;
}

function networkOf(fields: Partial<Network> = {}): Network {
  const { id, vni, mtu } = { id: 1, vni: VNI, mtu: 1_500 };
  const [tenant, name, group, mode] = ["acme", "lab", "239.0.0.101", "switch"] as const;
  const [subnet, prefix6] = [undefined, undefined];
  return {
    id,
    tenant,
    name,
    vni,
    mtu,
    group,
    mode,
    subnet,
    prefix6,
    addresses: false,
    settings: DEFAULT_SETTINGS,
    ...fields,
  };
}

type Fields = Partial<Ipv4Fields> & { readonly bytes?: number };

/** An echo request that fills its packet with data. */
function echo(source: number, destination: number, { bytes = 60, ...fields }: Fields = {}): Uint8Array {
  const packet = new Uint8Array(bytes);
  const payloadLength = bytes - 20 - (fields.options?.length ?? 0);
  const at = encodeIpv4(packet, 0, { source, destination, protocol: 1, payloadLength, ...fields });
  if (payloadLength >= 8) {
    encodeIcmpEcho(packet, at, {
      kind: "request",
      identifier: 7,
      sequence: 1,
      data: new Uint8Array(payloadLength - 8),
    });
  }
  return packet;
}

function echo6(source: bigint, destination: bigint, bytes = 80, hopLimit = 64): Uint8Array {
  const packet = new Uint8Array(bytes);
  const at = encodeIpv6(packet, 0, {
    source,
    destination,
    nextHeader: 58,
    payloadLength: bytes - 40,
    hopLimit,
  });
  const data = new Uint8Array(bytes - 48);
  encodeIcmpv6Echo(packet, at, { kind: "request", identifier: 7, sequence: 1, data }, source, destination);
  return packet;
}

/** The packet with another fragment offset, which no encoder writes. */
function farFragment(packet: Uint8Array, offset: number): Uint8Array {
  const bytes = packet.slice();
  bytes[6] = ((bytes[6] ?? 0) & 0xe0) | (offset >>> 8);
  bytes[7] = offset & 0xff;
  bytes.set([0, 0], 10);
  writeUint16(bytes, 10, checksum(bytes, 0, 20));
  return bytes;
}

function frame(packet: Uint8Array, source = ALICE, destination = HUB): number[] {
  return [...ipFrame({ destination, source }, packet)];
}

function gre(packet: Uint8Array, protocol = (packet[0] ?? 0) >>> 4 === 6 ? GRE6 : GRE4): Uint8Array {
  const bytes = new Uint8Array(4 + packet.length);
  bytes.set(packet, encodeGre(bytes, 0, { protocol }));
  return bytes;
}

function read4(packet: Uint8Array): Ipv4 {
  const read = decodeIpv4(packet, 0, packet.length);
  if (read instanceof Malformed) throw new Error(read.code);
  return read;
}

function read6(packet: Uint8Array): Ipv6 {
  const read = decodeIpv6(packet, 0, packet.length);
  if (read instanceof Malformed) throw new Error(read.code);
  return read;
}

/** The dropped packets, except for queries to the hub. */
function dropped({ drops }: KeepingPort): object {
  const { answered: _, ...others } = drops.toJSON();
  return others;
}

/** Type, code and MTU of an ICMP message, with its source and destination. */
function icmp(packet: Uint8Array): object {
  const { source, destination, payload } = read4(packet);
  const [type, code] = packet.subarray(payload);
  const mtu = ((packet[payload + 6] ?? 0) << 8) | (packet[payload + 7] ?? 0);
  return { from: formatAddress(source), to: formatAddress(destination), type, code, mtu };
}

describe("a network's router", () => {
  let now: number;
  let hub: NetworkHub;
  let underlay: FakeUnderlay;
  let endpoints: Endpoints;
  let client: KeepingPort;
  let other: KeepingPort;
  let port: OpenPort;

  beforeEach(async () => {
    await start();
  });

  async function start(config: object = CONFIG, network: Partial<Network> = {}): Promise<void> {
    now = 1_000;
    hub = new NetworkHub({
      network: networkOf(network),
      roles: new Set(),
      clock: () => now,
      noticed: () => {},
    });
    [client, other] = [new KeepingPort("client"), new KeepingPort("other")];
    for (const one of [client, other]) hub.segment.attach(one);
    underlay = new FakeUnderlay();
    endpoints = new Endpoints();
    port = await open(config);
    say(client, alice, ALICE);
  }

  async function open(config: object, id = "p1"): Promise<OpenPort> {
    const policy = { current: undefined };
    const surroundings = { underlay, endpoints, policy, clock: () => now, router: () => hub.router() };
    return await openPort(id, portConfig.parse(config), hub.segment, surroundings);
  }

  function socket(): FakeSocket {
    const found = underlay.sockets.get("0.0.0.0");
    if (found === undefined) throw new Error("there is no socket");
    return found;
  }

  function clear(): void {
    client.frames.length = 0;
    other.frames.length = 0;
    socket().sent.length = 0;
  }

  /** Makes a host announce that it has an address. */
  function say(from: KeepingPort, address: number, mac: number): void {
    const bytes = new Uint8Array(42);
    const header = { destination: HUB, source: mac, tags: [], etherType: ETHERTYPE_ARP };
    const [senderMac, targetMac] = [mac, HUB];
    const fields = { senderMac, targetMac, senderAddress: address, targetAddress: gateway };
    encodeArp(bytes, encodeEthernet(bytes, 0, header), { operation: ARP_REPLY, ...fields });
    receive(hub.segment, from, [...bytes]);
    hub.segment.flush();
    client.frames.length = 0;
  }

  /** Sends from the segment; returns what came out of the tunnel. */
  function send(packet: Uint8Array, from = client, mac = ALICE): Uint8Array[] {
    clear();
    receive(hub.segment, from, frame(packet, mac));
    hub.segment.flush();
    return tunnelled();
  }

  function tunnelled(): Uint8Array[] {
    return socket().sent.map(({ bytes }) => {
      const read = decodeGre(bytes, 0, bytes.length);
      if (read instanceof Malformed) throw new Error(read.code);
      return bytes.subarray(read.payload, read.end);
    });
  }

  /** Makes a packet come out of the tunnel. */
  function arrive(packet: Uint8Array, source = REMOTE): void {
    clear();
    socket().receive(gre(packet), source);
    hub.segment.flush();
  }

  /** The packets sent to the client. */
  function delivered(at = client): Uint8Array[] {
    return at.frames.map((bytes) => Uint8Array.from(bytes.slice(14)));
  }

  it("sends packets for the other site through the tunnel, one hop less, otherwise unchanged", () => {
    const [packet = new Uint8Array(0), ...more] = send(echo(alice, far, { ttl: 9 }));
    expect(more).toEqual([]);
    expect([...packet]).toEqual([...echo(alice, far, { ttl: 8 })]);
    expect(port.port).toMatchObject({ txFrames: 1, txBytes: 60, frameBytes: MTU });
    expect(dropped(client)).toEqual({});
  });

  it("delivers packets from the other site to their host", () => {
    arrive(echo(far, alice, { ttl: 9 }));
    expect(client.frames).toEqual([frame(echo(far, alice, { ttl: 8 }), HUB, ALICE)]);
    expect(other.frames).toEqual([]);
    expect(port.port).toMatchObject({ rxFrames: 1, rxBytes: 60 });
  });

  it("removes the padding behind a packet", () => {
    const [packet] = send(Uint8Array.of(...echo(alice, far), 1, 2, 3));
    expect(packet).toHaveLength(60);
    arrive(Uint8Array.of(...echo(far, alice), 1, 2, 3));
    expect(delivered()).toHaveLength(1);
    expect(delivered()[0]).toHaveLength(60);
  });

  it("queries an unknown address, holds its packets, and sends them once it is announced", () => {
    arrive(echo(far, bob));
    arrive(echo(far, bob, { bytes: 64 }));
    now += 1;
    clear();
    hub.tick();
    for (const one of [client, other]) {
      expect(one.frames).toHaveLength(1);
      const bytes = Uint8Array.from(one.frames[0] ?? []);
      expect(decodeArp(bytes, 14, bytes.length)).toMatchObject({
        operation: ARP_REQUEST,
        senderMac: HUB,
        senderAddress: gateway,
        targetAddress: bob,
      });
    }
    clear();
    say(other, bob, BOB);
    expect(delivered(other).map(({ length }) => length)).toEqual([60, 64]);
    expect(other.frames[0]?.slice(0, 12)).toEqual(frame(echo(far, bob), HUB, BOB).slice(0, 12));
    expect(port.port.drops.toJSON()).toEqual({});
  });

  it("reports an unreachable host after three queries", () => {
    arrive(echo(far, bob));
    const requests = [client.frames.length];
    for (let second = 0; second < 4; second++) {
      now += 1;
      clear();
      hub.tick();
      requests.push(client.frames.length);
      if (second === 2) {
        const said = tunnelled().map(icmp);
        expect(said).toEqual([{ from: "10.20.0.254", to: "10.30.0.9", type: 3, code: 1, mtu: 0 }]);
      }
    }
    expect(requests).toEqual([1, 1, 1, 0, 0]);
    expect(port.port.drops.toJSON()).toEqual({ "no-host": 1 });
  });

  it("holds few packets for one address, and queries few at once", () => {
    for (let i = 0; i < ROUTER_LIMITS.waitingPackets + 5; i++) arrive(echo(far, bob));
    expect(port.port.drops.of("no-host")).toBe(5);
    for (let i = 0; i < ROUTER_LIMITS.asked + 10; i++) arrive(echo(far, ip("10.20.0.20") + i));
    expect(port.port.drops.of("no-host")).toBe(5 + 11);
  });

  it("answers a packet that is out of hops, from the gateway's address, to either side", () => {
    for (const ttl of [0, 1]) {
      expect(send(echo(alice, far, { ttl }))).toEqual([]);
      expect(delivered().map(icmp)).toEqual([
        { from: "10.20.0.254", to: "10.20.0.7", type: 11, code: 0, mtu: 0 },
      ]);
      expect(client.frames[0]?.slice(0, 12)).toEqual(frame(echo(alice, far), HUB, ALICE).slice(0, 12));
    }
    expect(dropped(client)).toEqual({ "hop-limit": 2 });
    arrive(echo(far, alice, { ttl: 1 }));
    expect(tunnelled().map(icmp)).toEqual([
      { from: "10.20.0.254", to: "10.30.0.9", type: 11, code: 0, mtu: 0 },
    ]);
    expect(port.port.drops.toJSON()).toEqual({ "hop-limit": 1 });
  });

  it("reports a missing route", () => {
    expect(send(echo(alice, ip("198.51.100.1")))).toEqual([]);
    expect(delivered().map(icmp)).toEqual([
      { from: "10.20.0.254", to: "10.20.0.7", type: 3, code: 0, mtu: 0 },
    ]);
    expect(dropped(client)).toEqual({ "no-route": 1 });
  });

  it("reports the MTU for a packet that must not be fragmented", () => {
    expect(send(echo(alice, far, { bytes: MTU, dontFragment: true }))).toHaveLength(1);
    expect(send(echo(alice, far, { bytes: MTU + 1, dontFragment: true }))).toEqual([]);
    expect(delivered().map(icmp)).toEqual([
      { from: "10.20.0.254", to: "10.20.0.7", type: 3, code: 4, mtu: MTU },
    ]);
    expect(port.port.drops.toJSON()).toEqual({ "too-big": 1 });
  });

  it("drops a fragment that would end beyond the maximum packet, and survives", () => {
    for (const [bytes, offset] of [
      [1_500, 8_191],
      [60, 8_191],
      [1_500, 8_010],
    ] as const) {
      const fragment = farFragment(echo(alice, far, { bytes, moreFragments: true }), offset);
      expect(send(fragment)).toEqual([]);
      const back = farFragment(echo(far, alice, { bytes, moreFragments: true }), offset);
      arrive(back);
      expect(delivered()).toEqual([]);
    }
    expect(dropped(client)).toEqual({ malformed: 3 });
    expect(port.port.drops.toJSON()).toEqual({ malformed: 3 });
    expect(send(farFragment(echo(alice, far, { bytes: 1_500 }), 8_004)).map(read4)).toMatchObject([
      { fragmentOffset: 8_004 },
      { fragmentOffset: 8_185 },
    ]);
  });

  it("quotes no more of a packet than fits the way back", async () => {
    await start({ ...CONFIG, mtu: 256 });
    arrive(echo(far, alice, { bytes: 600, ttl: 1 }));
    expect(tunnelled().map(({ length }) => length)).toEqual([256 - 32]);
    expect(tunnelled().map(icmp)).toMatchObject([{ type: 11, code: 0 }]);
  });

  it("fragments a packet where allowed, and fragments again", () => {
    const pieces = send(echo(alice, far, { bytes: 1_500, identification: 77, ttl: 5 }));
    expect(pieces.map(({ length }) => length)).toEqual([20 + 1_448, 20 + 32]);
    expect(pieces.map(read4)).toMatchObject([
      { ttl: 4, identification: 77, moreFragments: true, fragmentOffset: 0 },
      { ttl: 4, identification: 77, moreFragments: false, fragmentOffset: 181 },
    ]);
    const fragment = { bytes: 1_500, moreFragments: true, fragmentOffset: 185 };
    expect(send(echo(alice, far, fragment)).map(read4)).toMatchObject([
      { moreFragments: true, fragmentOffset: 185 },
      { moreFragments: true, fragmentOffset: 185 + 181 },
    ]);
    expect(dropped(client)).toEqual({});
  });

  it("fragments what does not fit the network, or reports it", async () => {
    await start(CONFIG, { mtu: 1_000 });
    arrive(echo(far, alice, { bytes: 1_400 }));
    expect(delivered().map(({ length }) => length)).toEqual([996, 424]);
    arrive(echo(far, alice, { bytes: 1_400, dontFragment: true }));
    expect(tunnelled().map(icmp)).toMatchObject([{ type: 3, code: 4, mtu: 1_000 }]);
    expect(port.port.drops.toJSON()).toEqual({ "too-big": 1 });
  });

  it("completes the work that a sender left undone, which a tunnel does not mark", () => {
    const segment = new Uint8Array(20 + 20 + 3_000).fill(0x55);
    encodeIpv4(segment, 0, {
      source: far,
      destination: alice,
      protocol: 6,
      payloadLength: 3_020,
      dontFragment: true,
    });
    const tcp = [0, 80, 4, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0];
    segment.set(tcp, 20);
    let sum = 6 + 3_020;
    for (let at = 12; at < 20; at += 2) sum += ((segment[at] ?? 0) << 8) | (segment[at + 1] ?? 0);
    sum = (sum & 0xffff) + (sum >>> 16);
    segment.set([sum >>> 8, sum & 0xff], 36);
    arrive(segment);
    const cut = delivered();
    expect(cut.map(({ length }) => length)).toEqual([1_500, 1_500, 120]);
    for (const one of cut) {
      let check = 6 + one.length - 20;
      for (let at = 12; at < one.length; at += 2) check += ((one[at] ?? 0) << 8) | (one[at + 1] ?? 0);
      while (check > 0xffff) check = (check & 0xffff) + (check >>> 16);
      expect(check).toBe(0xffff);
    }
  });

  it.each([
    ["from elsewhere", echo(ip("198.51.100.7"), alice)],
    ["from the network itself", echo(bob, alice)],
    ["from the gateway", echo(gateway, alice)],
    ["from loopback", echo(ip("127.0.0.1"), alice)],
    ["from everybody", echo(0xffff_ffff, alice)],
    ["link-local", echo(ip("169.254.1.1"), alice)],
    ["to loopback", echo(far, ip("127.0.0.1"))],
    ["to a group", echo(far, ip("239.1.1.1"))],
    ["to the network's broadcast address", echo(far, ip("10.20.0.255"))],
    ["to the network's own address", echo(far, ip("10.20.0.0"))],
    ["to everybody", echo(far, 0xffff_ffff)],
    ["to the gateway from elsewhere", echo(ip("198.51.100.7"), gateway)],
    ["source-routed", echo(far, alice, { options: Uint8Array.of(131, 3, 4, 0) })],
    ["with truncated options", echo(far, alice, { options: Uint8Array.of(7, 0, 0, 0) })],
  ])("drops a packet from the other site that is %s", (_, packet) => {
    arrive(packet);
    expect([client.frames, other.frames, tunnelled()]).toEqual([[], [], []]);
    expect(port.port.drops.toJSON()).toEqual({ martian: 1 });
  });

  it("drops packets from sources outside the network", () => {
    for (const source of [ip("198.51.100.7"), far, 0, ip("127.0.0.1")]) {
      expect(send(echo(source, ip("10.30.0.1")))).toEqual([]);
      expect(client.frames).toEqual([]);
    }
    expect(dropped(client)).toEqual({ martian: 4 });
  });

  it("does not send back through a tunnel what came out of it", () => {
    arrive(echo(far, ip("10.30.0.1")));
    expect(tunnelled()).toEqual([]);
    expect(port.port.drops.toJSON()).toEqual({ "same-port": 1 });
  });

  it("answers pings of the gateway from both sides, within the hub's rate", () => {
    send(echo(alice, gateway));
    expect(delivered().map(read4)).toMatchObject([{ source: gateway, destination: alice, ttl: 64 }]);
    arrive(echo(far, gateway));
    expect(tunnelled().map(read4)).toMatchObject([{ source: gateway, destination: far, ttl: 64 }]);
    for (let i = 0; i < 1_000; i++) arrive(echo(far, gateway));
    expect(port.port.drops.of("host-rate")).toBeGreaterThan(500);
    // Forwarded packets do not count against that.
    arrive(echo(far, alice));
    expect(client.frames).toHaveLength(1);
  });

  it("announces the gateway's address as long as a port has it", async () => {
    const ask = new Uint8Array(42);
    const header = { destination: 0xffff_ffff_ffff, source: ALICE, tags: [], etherType: ETHERTYPE_ARP };
    const fields = { senderMac: ALICE, targetMac: 0, senderAddress: alice, targetAddress: gateway };
    encodeArp(ask, encodeEthernet(ask, 0, header), { operation: ARP_REQUEST, ...fields });
    const asked = () => {
      clear();
      receive(hub.segment, client, [...ask]);
      return [client.frames.length, other.frames.length];
    };
    const second = await open({ ...CONFIG, remotes: ["192.0.2.2"], routes: ["10.40.0.0/16"] }, "p2");
    expect(asked()).toEqual([1, 0]);
    await port.close();
    expect(asked()).toEqual([1, 0]);
    await second.close();
    expect(asked()).toEqual([0, 1]);
    receive(hub.segment, client, frame(echo(alice, far)));
    expect(client.drops.of("not-served")).toBe(1);
  });

  it("routes from one site to another", async () => {
    const two = "192.0.2.2";
    await open({ ...CONFIG, remotes: [two], routes: ["10.40.0.0/16"] }, "p2");
    arrive(echo(far, ip("10.40.0.1")));
    expect(socket().sent.map(({ to }) => to)).toEqual([two]);
    arrive(echo(ip("10.40.0.1"), far), two);
    expect(socket().sent.map(({ to }) => to)).toEqual([REMOTE]);
    arrive(echo(ip("10.40.0.1"), alice));
    expect(port.port.drops.toJSON()).toEqual({ martian: 1 });
  });

  it.each([
    ["a network of another port", { routes: ["10.30.9.9/16"] }],
    ["another gateway of the same network", { gateways: ["10.20.0.253/24"], routes: ["10.50.0.0/16"] }],
    ["a machine's address for a gateway", { gateways: ["10.20.0.7/23"], routes: ["10.50.0.0/16"] }],
  ])("refuses a port that would have %s", async (_, more) => {
    await expect(open({ ...CONFIG, remotes: ["192.0.2.2"], ...more }, "p2")).rejects.toMatchObject({
      code: "port.taken",
    });
    // Nothing else has changed.
    expect(send(echo(alice, far))).toHaveLength(1);
    await open({ ...CONFIG, remotes: ["192.0.2.2"], routes: ["10.50.0.0/16"] }, "p2");
  });

  it("is not available in a wire", async () => {
    await expect(start(CONFIG, { mode: "wire" })).rejects.toMatchObject({ code: "port.wire" });
  });

  it("limits its ICMP errors, and sends none about errors", () => {
    let said = 0;
    for (let i = 0; i < 200; i++) {
      send(echo(alice, ip("198.51.100.1")));
      said += client.frames.length;
    }
    expect(said).toBe(ROUTER_LIMITS.errorsAtOnce);
    now += 10;
    const error = echo(alice, far, { ttl: 1 });
    error[20] = 3;
    send(error);
    expect(client.frames).toEqual([]);
  });

  it("clamps TCP's MSS, if the port is configured to", async () => {
    await start({ ...CONFIG, clamp_mss: true });
    const syn = new Uint8Array(44);
    encodeIpv4(syn, 0, { source: alice, destination: far, protocol: 6, payloadLength: 24 });
    syn.set([4, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 0x02, 0xff, 0xff, 0, 0, 0, 0, 2, 4, 5, 0xb4], 20);
    const [sent = new Uint8Array(44)] = send(syn);
    expect(((sent[42] ?? 0) << 8) | (sent[43] ?? 0)).toBe(MTU - 40);
  });

  it.each([
    ["with nothing inside", gre(new Uint8Array(0), GRE4)],
    ["with Ethernet inside", gre(echo(far, alice), 0x6558)],
    ["with the protocol type of the other IP version", gre(echo(far, alice), GRE6)],
    ["cut short", gre(echo(far, alice).subarray(0, 50))],
    [
      "with a wrong header checksum",
      gre(Uint8Array.from(echo(far, alice), (byte, at) => (at === 10 ? byte ^ 1 : byte))),
    ],
  ])("counts a packet %s", (_, bytes) => {
    clear();
    socket().receive(bytes, REMOTE);
    expect(client.frames).toEqual([]);
    expect(port.port.drops.toJSON()).toEqual({ malformed: 1 });
  });

  it("survives any packets, from both sides", () => {
    const seeds = [echo(far, alice), echo(far, bob, { bytes: 1_600 }), echo(far, gateway), echo(alice, far)];
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(59), fc.nat(255)), { maxLength: 4 }))
      .map(([seed, changes]) => {
        const packet = Uint8Array.from(seed);
        for (const [at, byte] of changes) packet[at] = byte;
        return packet;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (packet) => {
        socket().receive(gre(packet), REMOTE);
        if (packet.length > 0) receive(hub.segment, client, frame(packet));
        hub.segment.flush();
        now += 0.01;
        hub.tick();
      }),
      { numRuns: 2_000 },
    );
    now += 1_000;
    say(client, alice, ALICE);
    expect(send(echo(alice, far))).toHaveLength(1);
    arrive(echo(far, alice));
    expect(client.frames).toHaveLength(1);
  });
});

describe("a network's router for IPv6", () => {
  const alice6 = ip6("fd00:20::7");
  const gateway6 = ip6("fd00:20::fe");
  const far6 = ip6("fd00:30::9");
  let now = 1_000;
  let hub: NetworkHub;
  let client: KeepingPort;
  let socket: FakeSocket;
  let port: OpenPort;

  beforeEach(async () => {
    now = 1_000;
    hub = new NetworkHub({ network: networkOf(), roles: new Set(), clock: () => now, noticed: () => {} });
    client = new KeepingPort("client");
    hub.segment.attach(client);
    const underlay = new FakeUnderlay();
    const policy = { current: undefined };
    const surroundings = {
      underlay,
      endpoints: new Endpoints(),
      policy,
      clock: () => now,
      router: () => hub.router(),
    };
    const config = { ...CONFIG, gateways: ["fd00:20::fe/64"], routes: ["fd00:30::/64"] };
    port = await openPort("p1", portConfig.parse(config), hub.segment, surroundings);
    socket = underlay.sockets.get("0.0.0.0") as FakeSocket;
  });

  function arrive(packet: Uint8Array): void {
    socket.receive(gre(packet), REMOTE);
    hub.segment.flush();
  }

  it("queries neighbours by solicitation, and sends the waiting packets", () => {
    arrive(echo6(far6, alice6));
    const [asked = []] = client.frames;
    const question = Uint8Array.from(asked);
    expect(decodeNeighbourDiscovery(question, 14, question.length)).toMatchObject({
      target: alice6,
      source: gateway6,
      sourceMac: HUB,
    });
    client.frames.length = 0;
    const answer = new Uint8Array(86);
    const header = { destination: HUB, source: ALICE, tags: [], etherType: GRE6 };
    const [source, destination, target] = [alice6, gateway6, alice6];
    const at = encodeIpv6(answer, encodeEthernet(answer, 0, header), {
      source,
      destination,
      nextHeader: 58,
      hopLimit: 255,
      payloadLength: 32,
    });
    const flags = { router: false, solicited: true, override: true, targetMac: ALICE };
    encodeNeighbourAdvertisement(answer, at, { source, destination, target, ...flags });
    receive(hub.segment, client, [...answer]);
    expect(client.frames).toEqual([frame(echo6(far6, alice6, 80, 63), HUB, ALICE)]);
  });

  it("forwards the other way, and reports packets that do not fit, of any kind", () => {
    receive(hub.segment, client, frame(echo6(alice6, far6)));
    receive(hub.segment, client, frame(echo6(alice6, far6, 1_480)));
    receive(hub.segment, client, frame(echo6(alice6, far6, 80, 1)));
    receive(hub.segment, client, frame(echo6(alice6, ip6("fd00:99::1"))));
    const said = client.frames.map((bytes) => Uint8Array.from(bytes.slice(14)));
    expect(said.map((packet) => [read6(packet).source, packet[40], packet[41]])).toEqual([
      [gateway6, 2, 0],
      [gateway6, 3, 0],
      [gateway6, 1, 0],
    ]);
    expect(socket.sent.map(({ bytes }) => bytes.subarray(0, 4))).toEqual([Uint8Array.of(0, 0, 0x86, 0xdd)]);
    expect(port.port.drops.toJSON()).toEqual({ "too-big": 1 });
  });

  it("does not forward link-local packets", () => {
    const before = client.frames.length;
    receive(hub.segment, client, frame(echo6(ip6("fe80::7"), far6)));
    arrive(echo6(far6, ip6("ff02::1")));
    arrive(echo6(far6, ip6("fe80::7")));
    expect(client.drops.toJSON()).toEqual({ martian: 1 });
    expect(port.port.drops.toJSON()).toEqual({ martian: 2 });
    expect(client.frames).toHaveLength(before);
  });
});

describe("a routed port", () => {
  it.each([
    [{ gateways: [] }],
    [{ routes: [] }],
    [{ gateways: ["10.20.0.1/24", "10.21.0.1/24"] }],
    [{ gateways: ["10.20.0.0/24"] }],
    [{ gateways: ["10.20.0.255/24"] }],
    [{ gateways: ["10.20.0.1/32"] }],
    [{ gateways: ["127.0.0.1/8"] }],
    [{ gateways: ["fe80::1/64"], routes: ["fd00::/64"] }],
    [{ routes: ["fd00::/64"] }],
    [{ routes: ["10.30.0.0/16", "10.30.0.1/16"] }],
    [{ routes: ["10.20.0.0/24"] }],
    [{ routes: ["10.20.0.128/25"] }],
    [{ roles: ["router"] }],
    [{ mode: "bridged" }],
  ])("refuses a contradictory request: %j", (more) => {
    expect(portConfig.safeParse({ ...CONFIG, ...more }).success).toBe(false);
  });

  it("may lead everywhere else", () => {
    expect(portConfig.safeParse({ ...CONFIG, routes: ["0.0.0.0/0"] }).success).toBe(true);
  });
});
