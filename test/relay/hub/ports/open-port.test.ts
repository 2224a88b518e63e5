// Every kind of port in real segments, over sockets that keep what is sent.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { portConfig } from "../../../../relay/hub/ports/config.ts";
import { Endpoints } from "../../../../relay/hub/ports/endpoints.ts";
import { PORT_LIMITS } from "../../../../relay/hub/ports/limits.ts";
import { type OpenPort, openPort, type PortSurroundings } from "../../../../relay/hub/ports/open-port.ts";
import { UnderlayPort } from "../../../../relay/hub/ports/underlay-port.ts";
import { written } from "../../../../shared/frame/bytes.ts";
import { decodeGre, encodeGre } from "../../../../shared/frame/encapsulation/gre.ts";
import { decodeNvgre, writeNvgre } from "../../../../shared/frame/encapsulation/nvgre.ts";
import {
  decodeVxlanGpe,
  readGroupPolicy,
  writeGroupPolicy,
  writeVxlan,
  writeVxlanGpe,
} from "../../../../shared/frame/encapsulation/vxlan.ts";
import { encodeIpv4 } from "../../../../shared/frame/ip/ipv4.ts";
import { Segment } from "../../../../shared/switch/segment.ts";
import { dissect, findBadChecksums } from "../../../shared/offload/by-definition.ts";
import { plainSpecimen } from "../../../shared/offload/specimens.ts";
import { BROADCAST, frameBytes, KeepingPort, receive } from "../../../shared/switch/ports.ts";
import { type FakeSocket, FakeUnderlay } from "./fake-underlay.ts";

const A = 0x020000000001;
const B = 0x020000000002;
const C = 0x020000000003;
const ONE = "192.0.2.1";
const TWO = "192.0.2.2";
const STRANGER = "198.51.100.9";

/** A relay's underlay, with segments that have a client each. */
class Bench {
  readonly underlay = new FakeUnderlay();
  readonly surroundings: PortSurroundings = {
    underlay: this.underlay,
    endpoints: new Endpoints(),
    policy: { current: undefined },
    clock: () => 0,
  };
  #ids = 0;

  network(vni: number): { segment: Segment; client: KeepingPort } {
    const segment = new Segment(vni, () => 0);
    const client = new KeepingPort(`client of ${vni}`);
    segment.attach(client);
    return { segment, client };
  }

  open(segment: Segment, config: object): Promise<OpenPort> {
    return openPort(`port${++this.#ids}`, portConfig.parse(config), segment, this.surroundings);
  }

  socket(where: string): FakeSocket {
    const socket = this.underlay.sockets.get(where);
    if (socket === undefined) throw new Error(`nothing was opened at ${where}`);
    return socket;
  }
}

function inSegment({ port }: OpenPort): UnderlayPort {
  if (port instanceof UnderlayPort) return port;
  throw new Error("it is in no segment");
}

function vxlan(vni: number, frame: readonly number[], first = 0x08): Uint8Array {
  const packet = Uint8Array.of(...new Array<number>(8).fill(0), ...frame);
  writeVxlan(packet, 0, vni);
  packet[0] = first;
  return packet;
}

function gre(
  frame: readonly number[],
  fields: { key?: number; sequence?: number; protocol?: number },
): Uint8Array {
  const packet = new Uint8Array(64);
  const at = written(encodeGre(packet, 0, { protocol: 0x6558, ...fields }));
  packet.set(frame, at);
  return packet.slice(0, at + frame.length);
}

function nvgre(vsid: number, frame: readonly number[]): Uint8Array {
  const packet = Uint8Array.of(...new Array<number>(8).fill(0), ...frame);
  writeNvgre(packet, 0, vsid, 3);
  return packet;
}

const sentBy = (socket: FakeSocket) => socket.sent.splice(0);
const receivers = (socket: FakeSocket) => sentBy(socket).map(({ to }) => to);

describe("a VXLAN port", () => {
  const PORT = { kind: "vxlan", remotes: [ONE, TWO], wire_vni: 5000 };
  const AT = "0.0.0.0 4789";

  async function start(config: object = PORT) {
    const bench = new Bench();
    const { segment, client } = bench.network(101);
    const port = await bench.open(segment, config);
    return { bench, segment, client, port, socket: bench.socket(AT) };
  }

  /** Delivers packets that claim to be from so many remotes. */
  function forge(socket: FakeSocket, count: number): void {
    for (let i = 0; i < count; i++) {
      socket.receive(vxlan(5000, frameBytes(BROADCAST, 0x0200_0001_0000 + i)), `198.51.${i >> 8}.${i & 255}`);
    }
  }

  it("sends BUM frames to every remote, with its own VNI and clear reserved bits", async () => {
    const { segment, client, socket } = await start();
    receive(segment, client, frameBytes(BROADCAST, A));
    const sent = sentBy(socket);
    expect(sent.map(({ to, port }) => [to, port])).toEqual([
      [ONE, 4789],
      [TWO, 4789],
    ]);
    for (const { bytes } of sent) expect(bytes).toEqual(vxlan(5000, frameBytes(BROADCAST, A)));
  });

  it("sends a unicast frame to the remote where its destination was heard, and follows it", async () => {
    const { segment, client, socket, port } = await start();
    socket.receive(vxlan(5000, frameBytes(BROADCAST, B)), TWO);
    expect(client.frames).toEqual([frameBytes(BROADCAST, B)]);
    receive(segment, client, frameBytes(B, A));
    expect(receivers(socket)).toEqual([TWO]);
    socket.receive(vxlan(5000, frameBytes(A, B)), ONE);
    receive(segment, client, frameBytes(B, A));
    expect(receivers(socket)).toEqual([ONE]);
    expect([...(port.remotes?.places() ?? [])].map(([mac, { address }]) => [mac, address])).toEqual([
      [B, ONE],
    ]);
    segment.table.forget(inSegment(port));
    port.tend();
    expect([...(port.remotes?.places() ?? [])]).toEqual([]);
  });

  it("sends nothing from one remote to another", async () => {
    const { socket, port } = await start();
    socket.receive(vxlan(5000, frameBytes(BROADCAST, B)), ONE);
    socket.receive(vxlan(5000, frameBytes(BROADCAST, C)), TWO);
    socket.receive(vxlan(5000, frameBytes(C, B)), ONE);
    expect(receivers(socket)).toEqual([]);
    expect(port.port.drops.of("same-port")).toBe(1);
  });

  it("requires the I flag and ignores reserved bits", async () => {
    const { client, socket, port } = await start();
    socket.receive(vxlan(5000, frameBytes(BROADCAST, B), 0xf7), ONE);
    expect(client.frames).toEqual([]);
    expect(port.endpoint.drops.of("no-vni-flag")).toBe(1);
    const noisy = vxlan(5000, frameBytes(BROADCAST, B), 0xff);
    noisy.set([0xff, 0xff, 0xff], 1);
    noisy[7] = 0xff;
    socket.receive(noisy, ONE);
    expect(client.frames).toHaveLength(1);
  });

  it("accepts nothing from an unconfigured outer source, unless it may learn others", async () => {
    const { client, socket, port } = await start();
    socket.receive(vxlan(5000, frameBytes(BROADCAST, B)), STRANGER);
    expect(client.frames).toEqual([]);
    expect(port.port.drops.of("unknown-remote")).toBe(1);

    const open = await start({ ...PORT, unknown_remotes: true });
    open.socket.receive(vxlan(5000, frameBytes(BROADCAST, B)), STRANGER);
    expect(open.client.frames).toHaveLength(1);
    receive(open.segment, open.client, frameBytes(B, A));
    expect(receivers(open.socket)).toEqual([STRANGER]);
  });

  it("sends BUM frames to configured remotes only, whatever others were heard", async () => {
    const named = await start({ ...PORT, unknown_remotes: true });
    const none = await start({ ...PORT, remotes: [], unknown_remotes: true });
    for (const { socket, segment, client } of [named, none]) {
      forge(socket, PORT_LIMITS.learntRemotes + 50);
      for (const to of [BROADCAST, 0x0100_5e01_0203, C]) receive(segment, client, frameBytes(to, A));
    }
    expect(named.port.remotes?.remotes).toHaveLength(PORT_LIMITS.learntRemotes + 2);
    expect(receivers(named.socket)).toEqual([ONE, TWO, ONE, TWO, ONE, TWO]);
    expect(receivers(none.socket)).toEqual([]);
    expect(none.port.port.drops.of("no-receiver")).toBe(3);
  });

  it("floods to learnt remotes only if configured, and only to a limited number", async () => {
    const { socket, segment, client } = await start({ ...PORT, unknown_remotes: true, flood_learnt: true });
    socket.receive(vxlan(5000, frameBytes(BROADCAST, B)), STRANGER);
    receive(segment, client, frameBytes(BROADCAST, A));
    expect(receivers(socket)).toEqual([ONE, TWO, STRANGER]);
    forge(socket, PORT_LIMITS.learntRemotes + 50);
    receive(segment, client, frameBytes(BROADCAST, A));
    expect(receivers(socket)).toHaveLength(PORT_LIMITS.remotes);
  });

  it.each(["224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1", "::"])(
    "sends nothing to %s, whatever claims to come from there",
    async (source) => {
      const { socket, segment, client } = await start({ ...PORT, unknown_remotes: true });
      socket.receive(vxlan(5000, frameBytes(BROADCAST, B)), source);
      receive(segment, client, frameBytes(B, A));
      expect(receivers(socket)).toEqual([ONE, TWO]);
    },
  );

  it("applies the path MTU to configured remotes, not to learnt ones", async () => {
    const { socket, port } = await start({ ...PORT, unknown_remotes: true });
    const asked: string[] = [];
    socket.mtuTo = (remote) => Promise.resolve(asked.push(remote.address) && 1_500);
    forge(socket, 20);
    await inSegment(port).findMtu();
    expect(asked).toEqual([ONE, TWO]);
  });

  it("joins its group, sends BUM frames to it, learns its members, and leaves it at the end", async () => {
    const { segment, client, socket, port } = await start({
      kind: "vxlan",
      group: "239.1.1.101",
      interface: "eth9",
    });
    expect(socket.joined).toEqual(["239.1.1.101 eth9"]);
    receive(segment, client, frameBytes(BROADCAST, A));
    expect(receivers(socket)).toEqual(["239.1.1.101"]);
    socket.receive(vxlan(101, frameBytes(BROADCAST, B)), STRANGER);
    receive(segment, client, frameBytes(B, A));
    expect(receivers(socket)).toEqual([STRANGER]);
    await port.close();
    expect(socket.joined).toEqual([]);
    expect(socket.closed).toBe(true);
    expect(segment.ports.has(inSegment(port))).toBe(false);
  });

  it("shares a socket with another network's port, isolated from it; counts an unknown VNI", async () => {
    const { bench, client, socket, port } = await start();
    const other = bench.network(102);
    const second = await bench.open(other.segment, { ...PORT, wire_vni: 6000 });
    expect(second.endpoint).toBe(port.endpoint);
    socket.receive(vxlan(6000, frameBytes(BROADCAST, B)), ONE);
    expect(client.frames).toEqual([]);
    expect(other.client.frames).toHaveLength(1);
    socket.receive(vxlan(7000, frameBytes(BROADCAST, B)), ONE);
    expect(port.endpoint.drops.of("not-joined")).toBe(1);
    await expect(bench.open(bench.network(103).segment, PORT)).rejects.toMatchObject({ code: "port.taken" });
    await port.close();
    expect(socket.closed).toBe(false);
    await second.close();
    expect(socket.closed).toBe(true);
  });

  it("drops frames that do not fit, and tells their sender the MTU", async () => {
    const { segment, client, socket, port } = await start();
    expect(port.port.frameBytes).toBe(1464);
    const big = new Uint8Array(1465);
    big.set([...frameBytes(B, A).slice(0, 12), 8, 0]);
    encodeIpv4(big, 14, {
      protocol: 17,
      source: 0x0a000001,
      destination: 0x0a000002,
      dontFragment: true,
      payloadLength: 1431,
    });
    receive(segment, client, [...big]);
    expect(sentBy(socket)).toEqual([]);
    expect(port.port.drops.of("too-big")).toBe(1);
    const [answer = []] = client.frames;
    expect(answer.slice(0, 14)).toEqual([...frameBytes(A, B).slice(0, 12), 8, 0]);
    expect(answer.slice(34, 42)).toEqual([3, 4, answer[36], answer[37], 0, 0, 1450 >> 8, 1450 & 255]);
    receive(segment, client, [...big.subarray(0, 1464)]);
    expect(receivers(socket)).toEqual([ONE, TWO]);
  });

  it("limits the rate of these answers", async () => {
    const { segment, client } = await start();
    const big = new Uint8Array(1500);
    big.set([...frameBytes(B, A).slice(0, 12), 8, 0]);
    encodeIpv4(big, 14, { protocol: 17, source: 1, destination: 2, dontFragment: true, payloadLength: 1400 });
    for (let i = 0; i < 500; i++) receive(segment, client, [...big]);
    expect(client.frames).toHaveLength(PORT_LIMITS.answersAtOnce);
  });

  it("applies the system's path MTU after a packet was refused for its size", async () => {
    const { segment, client, socket, port } = await start();
    socket.mtu = 1400;
    socket.outcome = Object.assign(new Error(), { code: "EMSGSIZE" });
    receive(segment, client, [...frameBytes(BROADCAST, A), ...new Array<number>(1440).fill(0)]);
    expect(port.port.drops.of("too-big")).toBe(2);
    await expect.poll(() => port.port.frameBytes).toBe(1364);
  });

  it("drops packets instead of queueing without limit in front of the kernel", async () => {
    const { segment, client, socket, port } = await start();
    socket.send = (to, _header, payload) => {
      socket.queued += payload.length;
      socket.sent.push({ to: to.address, port: 0, bytes: payload });
    };
    const frame = [...frameBytes(BROADCAST, A), ...new Array<number>(1400).fill(0)];
    for (let i = 0; i < 3_000; i++) receive(segment, client, frame);
    expect(port.port.drops.of("queue-full")).toBeGreaterThan(0);
    expect(socket.queued).toBeLessThan(PORT_LIMITS.queuedBytes + 5_000);
  });

  it("clamps TCP's MSS in both directions, if configured", async () => {
    const { segment, client, socket } = await start({ ...PORT, clamp_mss: true });
    const syn = new Uint8Array(58);
    syn.set([...frameBytes(B, A).slice(0, 12), 8, 0]);
    const tcp = written(encodeIpv4(syn, 14, { protocol: 6, source: 1, destination: 2, payloadLength: 24 }));
    syn[tcp + 12] = 0x60;
    syn[tcp + 13] = 2;
    syn.set([2, 4, 1460 >> 8, 1460 & 255], tcp + 20);
    receive(segment, client, [...syn]);
    const [sent] = sentBy(socket);
    expect([...(sent?.bytes.subarray(-4) ?? [])]).toEqual([2, 4, 1410 >> 8, 1410 & 255]);
    socket.receive(vxlan(5000, [...frameBytes(BROADCAST, C).slice(0, 12), ...syn.subarray(12)]), ONE);
    expect(client.frames.at(-1)?.slice(-4)).toEqual([2, 4, 1410 >> 8, 1410 & 255]);
  });

  it("completes work left undone by a host on the same machine: checksums, and super-frames", async () => {
    const { bench, segment, client, socket } = await start();
    const able = new KeepingPort("with offload", undefined, true);
    segment.attach(able);
    await bench.open(segment, { kind: "vxlan", listen: "0.0.0.0:4800", remotes: ["192.0.2.77"] });
    const { frame } = plainSpecimen({ sequence: 7 }, new Uint8Array(20_000).fill(9));
    socket.receive(vxlan(5000, [...frame]), ONE);
    // The payload that fits 1,500 bytes with the outer headers, plus the headers of IP and TCP.
    expect(client.frames.map((one) => one.length)).toEqual([...new Array<number>(14).fill(1464), 314]);
    for (const one of client.frames) expect(findBadChecksums(dissect(Uint8Array.from(one)))).toEqual([]);
    expect(able.frames).toEqual([[...frame]]);
    const passed = sentBy(bench.socket("0.0.0.0 4800"));
    expect(passed.map(({ bytes }) => [...bytes.subarray(8)])).toEqual(client.frames);
  });

  it("passes a group policy on to another port that has them, and does not learn if it says so", async () => {
    const { bench, segment, client, socket, port } = await start({ ...PORT, gbp: true });
    await bench.open(segment, { kind: "vxlan", listen: "0.0.0.0:4800", remotes: ["192.0.2.77"], gbp: true });
    const packet = vxlan(5000, frameBytes(BROADCAST, B));
    const policy = { group: 77, dontLearn: true, applied: true };
    writeGroupPolicy(packet, 0, policy);
    socket.receive(packet, ONE);
    const [passed] = sentBy(bench.socket("0.0.0.0 4800"));
    expect(readGroupPolicy(passed?.bytes ?? new Uint8Array(8), 0)).toEqual(policy);
    expect([...(port.remotes?.places() ?? [])]).toEqual([]);
    receive(segment, client, frameBytes(BROADCAST, A));
    const [own] = sentBy(bench.socket("0.0.0.0 4800"));
    expect(readGroupPolicy(own?.bytes ?? new Uint8Array(8), 0)).toBeUndefined();
  });

  it("uses GPE on its own UDP port, if configured", async () => {
    const bench = new Bench();
    const { segment, client } = bench.network(101);
    await bench.open(segment, { kind: "vxlan", remotes: [ONE], gpe: true });
    const socket = bench.socket("0.0.0.0 4790");
    receive(segment, client, frameBytes(BROADCAST, A));
    const [sent] = sentBy(socket);
    expect(decodeVxlanGpe(sent?.bytes ?? new Uint8Array(0), 0, 23)).toMatchObject({ vni: 101 });
    const packet = vxlan(101, frameBytes(BROADCAST, B));
    writeVxlanGpe(packet, 0, 101);
    socket.receive(packet, ONE);
    expect(client.frames).toHaveLength(1);
  });
});

describe("a GRE port", () => {
  const PORT = { kind: "gre", remotes: [ONE], key: 5 };

  async function start(config: object = PORT) {
    const bench = new Bench();
    const { segment, client } = bench.network(101);
    const port = await bench.open(segment, config);
    return { bench, segment, client, port, socket: bench.socket("0.0.0.0") };
  }

  it("accepts packets with its remote and its key only", async () => {
    const { client, socket, port } = await start();
    socket.receive(gre(frameBytes(BROADCAST, B), { key: 5 }), ONE);
    expect(client.frames).toHaveLength(1);
    socket.receive(gre(frameBytes(BROADCAST, B), { key: 6 }), ONE);
    socket.receive(gre(frameBytes(BROADCAST, B), {}), ONE);
    socket.receive(gre(frameBytes(BROADCAST, B), { key: 5, protocol: 0x0800 }), ONE);
    socket.receive(gre(frameBytes(BROADCAST, B), { key: 5 }), TWO);
    expect(client.frames).toHaveLength(1);
    expect(port.endpoint.drops.toJSON()).toEqual({ "not-joined": 2, "unknown-remote": 1 });
    expect(port.port.drops.toJSON()).toMatchObject({ malformed: 1 });
  });

  it("sends key, checksum and sequence number as configured", async () => {
    const { segment, client, socket } = await start({ ...PORT, checksum: true, sequence: true });
    for (let i = 0; i < 3; i++) receive(segment, client, frameBytes(BROADCAST, A, i));
    const sent = sentBy(socket).map(({ bytes }) => decodeGre(bytes, 0, bytes.length));
    expect(sent).toEqual(
      [0, 1, 2].map((sequence) => ({
        protocol: 0x6558,
        checksummed: true,
        key: 5,
        sequence,
        payload: 16,
        end: 31,
      })),
    );
  });

  it("drops late packets if they are numbered, and resumes with a restarted end", async () => {
    const { client, socket, port } = await start({ ...PORT, sequence: true });
    const send = (...numbers: number[]) => {
      for (const sequence of numbers)
        socket.receive(gre(frameBytes(BROADCAST, B), { key: 5, sequence }), ONE);
    };
    send(5_000, 5_001, 4_999, 5_001, 5_002);
    expect(client.frames).toHaveLength(3);
    expect(port.port.drops.of("out-of-order")).toBe(2);
    socket.receive(gre(frameBytes(BROADCAST, B), { key: 5 }), ONE);
    expect(port.port.drops.of("out-of-order")).toBe(3);
    send(0, 1);
    expect(client.frames).toHaveLength(5);
    send(0xffff_ffff);
    expect(client.frames).toHaveLength(5);
  });

  it("runs over UDP if a UDP port is given, or if configured", async () => {
    const { underlay, open, network } = ((bench: Bench) => ({
      underlay: bench.underlay,
      network: () => bench.network(1).segment,
      open: (segment: Segment, config: object) => bench.open(segment, config),
    }))(new Bench());
    await open(network(), { kind: "gre", remotes: [ONE], over: "udp" });
    await open(network(), { kind: "gre", remotes: [`${ONE}:6000`], listen: "192.0.2.9" });
    expect([...underlay.sockets.keys()]).toEqual(["0.0.0.0 4754", "192.0.2.9 4754"]);
  });
});

describe("an NVGRE port", () => {
  const tagged = (frame: readonly number[]) => [...frame.slice(0, 12), 0x81, 0, 0, 7, ...frame.slice(12)];

  async function start() {
    const bench = new Bench();
    const { segment, client } = bench.network(101);
    const port = await bench.open(segment, { kind: "nvgre", remotes: [ONE, TWO], vsid: 0x1234 });
    return { segment, client, port, socket: bench.socket("0.0.0.0") };
  }

  it("carries frames with its VSID, to their destination", async () => {
    const { segment, client, socket } = await start();
    socket.receive(nvgre(0x1234, frameBytes(BROADCAST, B)), TWO);
    expect(client.frames).toEqual([frameBytes(BROADCAST, B)]);
    receive(segment, client, frameBytes(B, A));
    const [sent, ...more] = sentBy(socket);
    expect(more).toEqual([]);
    expect(sent?.to).toBe(TWO);
    expect(decodeNvgre(sent?.bytes ?? new Uint8Array(0), 0, 23)).toMatchObject({ vsid: 0x1234, payload: 8 });
  });

  it("removes the tag of outgoing frames, and drops incoming ones with a tag", async () => {
    const { segment, client, socket, port } = await start();
    receive(segment, client, tagged(frameBytes(BROADCAST, A)));
    for (const { bytes } of sentBy(socket)) expect([...bytes.subarray(8)]).toEqual(frameBytes(BROADCAST, A));
    socket.receive(nvgre(0x1234, tagged(frameBytes(BROADCAST, B))), ONE);
    expect(client.frames).toEqual([]);
    expect(port.port.drops.of("tagged")).toBe(1);
  });

  it("counts packets with an unknown VSID", async () => {
    const { socket, port } = await start();
    socket.receive(nvgre(0x4321, frameBytes(BROADCAST, B)), ONE);
    expect(port.endpoint.drops.of("not-joined")).toBe(1);
  });
});

describe("a port of any kind", () => {
  const kinds = [
    [{ kind: "vxlan", remotes: [ONE], gbp: true, clamp_mss: true }, vxlan(101, frameBytes(BROADCAST, B))],
    [
      { kind: "gre", remotes: [ONE], key: 5, sequence: true, clamp_mss: true },
      gre(frameBytes(BROADCAST, B), { key: 5, sequence: 1 }),
    ],
    [{ kind: "nvgre", remotes: [ONE], vsid: 5000, clamp_mss: true }, nvgre(5000, frameBytes(BROADCAST, B))],
  ] as const;

  it.each(kinds)("survives any bytes: %j", async (config, good) => {
    const bench = new Bench();
    const { segment, client } = bench.network(101);
    const port = await bench.open(segment, config);
    const [socket] = bench.underlay.sockets.values();
    const noise = fc.uint8Array({ maxLength: 120 });
    const changed = fc.tuple(fc.array(fc.tuple(fc.nat(40), fc.nat(255))), noise).map(([edits, tail]) => {
      const bytes = Uint8Array.of(...good, ...tail);
      for (const [index, byte] of edits) bytes[index % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(noise, changed), (bytes) => {
        socket?.receive(bytes, ONE);
      }),
      { numRuns: 2_000 },
    );
    client.frames.length = 0;
    segment.table.forget(inSegment(port));
    const again =
      config.kind === "gre" ? gre(frameBytes(BROADCAST, C), { key: 5, sequence: 0x4000_0000 }) : good;
    socket?.receive(again, ONE);
    const last =
      config.kind === "gre" ? gre(frameBytes(BROADCAST, C), { key: 5, sequence: 0x4000_0001 }) : good;
    socket?.receive(last, ONE);
    expect(client.frames.length).toBeGreaterThan(0);
  });
});
