import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PROTOCOL_UDP } from "../../../../shared/frame/ip/ipv4.ts";
import { FrameView, UNREADABLE } from "../../../../shared/switch/policy/frame-view.ts";
import { isPlainUnicast } from "../../../../shared/switch/policy/plain-unicast.ts";
import {
  A,
  arpFrame,
  authentication,
  B,
  destinationOptions,
  fragment,
  frame,
  hopByHop,
  icmp6,
  inSnap,
  ip4,
  ip6,
  neighbour,
  over4,
  over6,
  udp,
} from "../guards/frames.ts";
import { PolicyLab } from "./policy-lab.ts";

const PROTOCOL_ICMP = 1;
const PROTOCOL_TCP = 6;
const PROTOCOL_SCTP = 132;
const tcp = new Uint8Array(20).fill(0x50);
const to = { to: B };

const plain = (bytes: Uint8Array) => isPlainUnicast(bytes, 0);

describe("plain unicast", () => {
  it("is what machines say to each other by TCP, UDP and what else is not for the network itself", () => {
    for (const bytes of [
      over4(tcp, { ...to, protocol: PROTOCOL_TCP }),
      over4(tcp, { ...to, protocol: PROTOCOL_TCP, options: new Uint8Array(8).fill(1) }),
      over4(udp(53, 40_000), to),
      over4(udp(4_789, 4_789), to),
      over4(new Uint8Array(8), { ...to, protocol: PROTOCOL_ICMP }),
      over6(tcp, { ...to, protocol: PROTOCOL_TCP }),
      over6(udp(443, 50_000), { ...to, protocol: PROTOCOL_UDP }),
      over6(tcp, { ...to, protocol: PROTOCOL_SCTP }),
    ]) {
      expect(plain(bytes)).toBe(true);
    }
  });

  it("is nothing that goes to many, is tagged, or is of another EtherType", () => {
    for (const bytes of [
      over4(tcp, { protocol: PROTOCOL_TCP }),
      over4(tcp, { to: 0x01005e000001, protocol: PROTOCOL_TCP }),
      over4(tcp, { ...to, protocol: PROTOCOL_TCP, vlans: [5] }),
      inSnap(over4(tcp, { ...to, protocol: PROTOCOL_TCP })),
      arpFrame(to),
      frame(0x88b5, new Uint8Array(46), to),
    ]) {
      expect(plain(bytes)).toBe(false);
    }
  });

  it("is nothing of DHCP, for PXE or over IPv6 either, nor what could hide it", () => {
    for (const port of [67, 68, 4_011, 546, 547]) {
      for (const ports of [udp(port, 40_000), udp(40_000, port)]) {
        expect(plain(over4(ports, to))).toBe(false);
        expect(plain(over6(ports, { ...to, protocol: PROTOCOL_UDP }))).toBe(false);
      }
    }
    expect(plain(over4(udp(53, 53), { ...to, options: new Uint8Array(4).fill(1) }))).toBe(false);
    expect(plain(over4(udp(53, 53), { ...to, moreFragments: true }))).toBe(false);
    for (const extension of [
      hopByHop,
      destinationOptions,
      authentication,
      fragment(0, true),
      fragment(9, false),
    ]) {
      expect(plain(over6(tcp, { ...to, extensions: [extension], protocol: PROTOCOL_TCP }))).toBe(false);
    }
    expect(plain(over6(icmp6(128), to))).toBe(false);
  });

  it("is nothing that a guard drops, or that the hub learns from or answers, whatever the frame", () => {
    const margin = fc.uint8Array({ minLength: 60, maxLength: 60 });
    let seen = 0;
    fc.assert(
      fc.property(frames, margin, (content, after) => {
        const bytes = Uint8Array.of(...content, ...after);
        if (!isPlainUnicast(bytes, 0)) return;
        // A header that contradicts itself: the guard can do nothing but drop it, and no machine takes it.
        const view = new FrameView().read(bytes, 0, content.length);
        if (view.ip === 4 && view.protocol === UNREADABLE) return;
        seen++;
        const lab = new PolicyLab({ settings: { dhcp_guard: "on", ra_guard: "on" } });
        const { policy } = lab;
        expect(policy.admit(lab.at(0), view, 1_000)).toBeUndefined();
        expect(policy.route(lab.at(0), view, 1_000)).toBe("forward");
        lab.pass(2);
        expect([...(policy.suppressor?.entries() ?? [])]).toEqual([]);
        expect([...(policy.snooper?.groups() ?? [])]).toEqual([]);
        for (const i of [0, 1, 2]) expect(lab.at(i).frames).toEqual([]);
        expect(lab.notices).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
    expect(seen).toBeGreaterThan(200);
  });
});

const port = fc.constantFrom(53, 67, 67, 68, 68, 546, 547, 4_011, 40_000, 0x0fff);
const protocol = fc.oneof(
  { weight: 2, arbitrary: fc.constant(PROTOCOL_UDP) },
  { weight: 1, arbitrary: fc.constantFrom(PROTOCOL_TCP, PROTOCOL_ICMP, PROTOCOL_SCTP, 2, 58, 103) },
  // Extension headers of IPv6.
  { weight: 1, arbitrary: fc.constantFrom(0, 43, 44, 50, 51, 60, 135, 139, 140, 253) },
);
const extension = fc.constantFrom(
  hopByHop,
  destinationOptions,
  authentication,
  fragment(0, true),
  fragment(0, false),
  fragment(1, false),
);
const datagram = fc
  .tuple(port, port, fc.uint8Array({ maxLength: 40 }))
  .map(([from, into, payload]) => udp(from, into, [...payload]));
const control = fc.oneof(
  fc.constantFrom(130, 131, 133, 134, 137, 143).map((type) => icmp6(type, 32)),
  fc.constantFrom(135 as const, 136 as const).map((type) => neighbour(type, ip6("fe80::9"), A)),
);

/** Unicast of every kind that some part looks into, and the same with some bytes changed or the end cut off. */
const frames: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.oneof(
      fc
        .record({
          payload: datagram,
          protocol,
          options: fc.constantFrom(new Uint8Array(0), new Uint8Array(4).fill(1)),
          fragmentOffset: fc.constantFrom(0, 0, 0, 0, 0, 1, 0x100),
          moreFragments: fc.constantFrom(false, false, false, true),
          vlans: fc.constantFrom([], [], [5]),
        })
        .map(({ payload, ...fields }) => over4(payload, { ...fields, ...to, source: ip4("10.0.0.1") })),
      fc
        .tuple(fc.oneof(datagram, control), protocol, fc.array(extension, { maxLength: 2 }))
        .map(([payload, kind, extensions]) => over6(payload, { ...to, protocol: kind, extensions })),
      fc.constantFrom(arpFrame(to), inSnap(over6(icmp6(134), to)), inSnap(over4(udp(67, 68, [2]), to), 1)),
    ),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
    fc.option(fc.nat(), { freq: 4 }),
  )
  .map(([specimen, edits, cut]) => {
    const bytes = Uint8Array.from(specimen);
    for (const [index, byte] of edits) bytes[12 + (index % Math.min(bytes.length - 12, 50))] = byte;
    return cut === null ? bytes : bytes.subarray(0, 14 + (cut % (bytes.length - 13)));
  });
