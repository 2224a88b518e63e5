import { describe, expect, it } from "vitest";
import { Budget } from "../../../../shared/switch/budget.ts";
import { MAX_BOUND, SourceBinding } from "../../../../shared/switch/guards/source-binding.ts";
import {
  A,
  arpFrame,
  B,
  destinationOptions,
  expectToKeepWithinFrames,
  fragment,
  frame,
  icmp6,
  inSnap,
  ip4,
  ip6,
  neighbour,
  over4,
  over6,
  portWith,
  udp,
  view,
} from "./frames.ts";

const NONE = ip6("::");
const OWN = ip6("2001:db8::1");
const FOREIGN = ip6("2001:db8::2");
/** Made of A by the modified EUI-64. */
const OWN_LINK = ip6("fe80::ff:fe00:1");
const FOREIGN_LINK = ip6("fe80::ff:fe00:2");

const port = portWith();

function bound(): SourceBinding {
  const binding = new SourceBinding();
  binding.bind(port, [{ mac: A, addresses: [ip4("10.0.0.1"), OWN] }]);
  return binding;
}

function passes(bytes: Uint8Array, binding = bound()): boolean {
  const reason = binding.check(port, view(bytes));
  if (reason !== undefined) expect(reason).toBe("source-binding");
  return reason === undefined;
}

describe("source binding", () => {
  it("lets a port use its registered MAC addresses with any EtherType", () => {
    expect(passes(frame(0x88b6, new Uint8Array(4)))).toBe(true);
    expect(passes(frame(0x88b6, new Uint8Array(4), { from: B }))).toBe(false);
    expect(passes(frame(38, new Uint8Array(38)))).toBe(true);
    expect(passes(arpFrame({ vlans: [1] }).subarray(0, 16))).toBe(false);
  });

  it("drops all frames of a port without registrations", () => {
    const empty = new SourceBinding();
    for (const bytes of [
      frame(0x88b6, new Uint8Array(4)),
      over4(udp(68, 67, [1]), { source: 0 }),
      arpFrame(),
    ]) {
      expect(passes(bytes, empty)).toBe(false);
    }
  });

  it("counts a port's addresses, beyond a few machines, towards the segment's limit", () => {
    const budget = new Budget(100);
    const binding = new SourceBinding(budget);
    const machines = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ mac: A + i, addresses: [i + 1] }));
    expect(binding.bind(port, machines(4))).toBe(true);
    expect(budget.used).toBe(0);
    expect(binding.bind(port, machines(54))).toBe(true);
    expect(budget.used).toBe(100);
    expect(binding.bind(portWith(), machines(5))).toBe(false);
    expect(binding.bind(port, machines(55))).toBe(false);
    expect(passes(frame(0x88b6, new Uint8Array(4)), binding)).toBe(true);
    expect(binding.bind(port, machines(10))).toBe(true);
    expect(budget.used).toBe(12);
    binding.detach(port);
    expect(budget.used).toBe(0);
  });

  it("forgets earlier registrations, and all of a port that leaves", () => {
    const binding = bound();
    binding.bind(port, [{ mac: B, addresses: [] }]);
    expect(passes(frame(0x88b6, new Uint8Array(4)), binding)).toBe(false);
    expect(passes(frame(0x88b6, new Uint8Array(4), { from: B }), binding)).toBe(true);
    binding.detach(port);
    expect(passes(frame(0x88b6, new Uint8Array(4), { from: B }), binding)).toBe(false);
  });

  it("refuses to bind more than its limit, and keeps the earlier binding", () => {
    const binding = bound();
    const many = Array.from({ length: MAX_BOUND + 1 }, (_, i) => i + 1);
    expect(
      binding.bind(
        port,
        many.map((mac) => ({ mac, addresses: [] })),
      ),
    ).toBe(false);
    expect(binding.bind(port, [{ mac: B, addresses: many }])).toBe(false);
    expect(passes(over4(udp(1, 2)), binding)).toBe(true);
  });

  it("restricts ARP to the sender's addresses, and lets probes pass", () => {
    expect(passes(arpFrame())).toBe(true);
    expect(passes(arpFrame({ senderAddress: 0 }))).toBe(true);
    expect(passes(arpFrame({ operation: 2, senderAddress: ip4("10.0.0.2") }))).toBe(false);
    expect(passes(arpFrame({ senderMac: B }))).toBe(false);
    expect(passes(arpFrame({ senderAddress: ip4("10.0.0.2"), vlans: [0] }))).toBe(false);
    expect(passes(inSnap(arpFrame({ senderAddress: ip4("10.0.0.2") })))).toBe(false);
    expect(passes(arpFrame().subarray(0, 41))).toBe(false);
    const foreign = arpFrame();
    foreign[15] = 6;
    expect(passes(foreign)).toBe(false);
  });

  it("restricts the IPv4 source, except of DHCP clients and IGMP without an address", () => {
    expect(passes(over4(udp(1, 2)))).toBe(true);
    expect(passes(over4(udp(1, 2), { source: ip4("10.0.0.2") }))).toBe(false);
    expect(passes(over4(udp(1, 2), { source: ip4("10.0.0.2"), fragmentOffset: 9, vlans: [7] }))).toBe(false);
    expect(passes(over4(udp(68, 67, [1]), { source: 0 }))).toBe(true);
    expect(passes(over4(udp(68, 68, [1]), { source: 0 }))).toBe(false);
    expect(passes(over4(udp(68, 67, [1]), { source: 0, fragmentOffset: 1 }))).toBe(false);
    expect(passes(over4(new Uint8Array(8), { source: 0, protocol: 2 }))).toBe(true);
    expect(passes(over4(new Uint8Array(0)).subarray(0, 30))).toBe(false);
  });

  it("restricts the IPv6 source, and allows the link-local address made of the frame's MAC address", () => {
    const ping = icmp6(128);
    expect(passes(over6(ping, { source: OWN }))).toBe(true);
    expect(passes(over6(ping, { source: FOREIGN }))).toBe(false);
    expect(passes(over6(ping, { source: OWN_LINK }))).toBe(true);
    expect(passes(over6(ping, { source: FOREIGN_LINK }))).toBe(false);
    expect(passes(over6(ping, { source: ip6("fe80::1") }))).toBe(false);
    expect(passes(over6(ping, { source: ip6("fe80:0:0:1:0:ff:fe00:1") }))).toBe(false);
    expect(passes(over6(ping, { source: FOREIGN, extensions: [fragment(4, false)] }))).toBe(false);
    expect(passes(over6(ping, { source: OWN, extensions: [fragment(4, false)] }))).toBe(true);
    expect(passes(over6(ping, { source: OWN }).subarray(0, 50))).toBe(false);
  });

  it("accepts registered link-local addresses of any form", () => {
    const binding = new SourceBinding();
    binding.bind(port, [{ mac: A, addresses: [ip6("fe80::1"), OWN, FOREIGN] }]);
    for (const source of [ip6("fe80::1"), OWN, FOREIGN]) {
      expect(passes(over6(icmp6(128), { source }), binding)).toBe(true);
    }
    expect(passes(over6(icmp6(128), { source: ip6("fe80::2") }), binding)).toBe(false);
  });

  it("lets machines without an address only solicit and report", () => {
    for (const type of [131, 132, 133, 143]) expect(passes(over6(icmp6(type), { source: NONE }))).toBe(true);
    expect(passes(over6(icmp6(128), { source: NONE }))).toBe(false);
    expect(passes(over6(udp(546, 547, [1]), { source: NONE, protocol: 17 }))).toBe(false);
    expect(passes(over6(icmp6(143, 0), { source: NONE }))).toBe(false);
    expect(passes(over6(icmp6(143), { source: NONE, extensions: [fragment(4, false)] }))).toBe(false);
  });

  it("lets a port detect duplicates of its own addresses only", () => {
    const detect = (target: bigint) => passes(over6(neighbour(135, target), { source: NONE }));
    expect([detect(OWN), detect(OWN_LINK)]).toEqual([true, true]);
    expect([detect(FOREIGN), detect(FOREIGN_LINK)]).toEqual([false, false]);
  });

  it("lets a port solicit any neighbour, and advertise only itself", () => {
    expect(passes(over6(neighbour(135, FOREIGN, A)))).toBe(true);
    expect(passes(over6(neighbour(135, FOREIGN, B)))).toBe(false);
    expect(passes(over6(neighbour(136, OWN, A)))).toBe(true);
    expect(passes(over6(neighbour(136, OWN, B)))).toBe(false);
    expect(passes(over6(neighbour(136, FOREIGN, A)))).toBe(false);
    expect(passes(over6(neighbour(136, FOREIGN), { extensions: [destinationOptions] }))).toBe(false);
    expect(passes(over6(neighbour(136, OWN, A), { extensions: [fragment(0, true)] }))).toBe(false);
    expect(passes(over6(neighbour(136, OWN).subarray(0, 20)))).toBe(false);
    const endless = neighbour(136, OWN, A);
    endless[25] = 0;
    expect(passes(over6(endless))).toBe(false);
  });

  it("keeps within the frame, whatever the bytes", () => {
    const binding = bound();
    expectToKeepWithinFrames((seen) => binding.check(port, seen));
  });
});
