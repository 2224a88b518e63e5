import { describe, expect, it } from "vitest";
import { ETHERTYPE_ARP, ETHERTYPE_IPV6 } from "../../../../shared/frame/ethernet.ts";
import { PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../../../shared/frame/ip/ipv4.ts";
import { LLC, MAX_EXTENSION_HEADERS, UNREADABLE } from "../../../../shared/switch/policy/frame-view.ts";
import {
  A,
  arpFrame,
  authentication,
  B,
  destinationOptions,
  expectToKeepWithinFrames,
  fragment,
  hopByHop,
  icmp6,
  inSnap,
  longDestinationOptions,
  over4,
  over6,
  udp,
  view,
  withTotalLength,
} from "../guards/frames.ts";

describe("the guards' view of a frame", () => {
  it("finds the protocol of IPv4 past tags and options", () => {
    expect(view(over4(udp(1, 2, [9])))).toMatchObject({
      ip: 4,
      protocol: PROTOCOL_UDP,
      ipSource: 26,
      ipDestination: 30,
      transport: 34,
      packetEnd: 43,
    });
    const far = view(over4(udp(1, 2), { vlans: [5, 0, 7], options: new Uint8Array(40).fill(1) }));
    expect(far).toMatchObject({ type: 0x0800, ip: 4, protocol: PROTOCOL_UDP, transport: 34 + 12 + 40 });
  });

  it("finds the protocol of IPv6 past extension headers", () => {
    const extensions = [hopByHop, destinationOptions, authentication, longDestinationOptions];
    const seen = view(over6(icmp6(134), { extensions, vlans: [3] }));
    expect(seen).toMatchObject({ ip: 6, protocol: PROTOCOL_ICMPV6, fragment: "none", ipSource: 26 });
    expect(seen.bytes[seen.transport]).toBe(134);
  });

  it("finds the content of LLC and SNAP, with tags behind them and wrapped twice", () => {
    const plain = over6(icmp6(134));
    for (const wrapped of [inSnap(plain), inSnap(plain, 2), inSnap(inSnap(plain, 1))]) {
      const seen = view(wrapped);
      expect(seen).toMatchObject({ type: LLC, etherType: ETHERTYPE_IPV6, protocol: PROTOCOL_ICMPV6 });
      expect(seen.bytes[seen.transport]).toBe(134);
    }
    const spanningTree = Uint8Array.of(...arpFrame().subarray(0, 12), 0, 38, 0x42, 0x42, 3, 0, 0, 0, 8, 6);
    expect(view(spanningTree)).toMatchObject({ type: LLC, etherType: LLC, ip: 0 });
  });

  it("has the addresses and counts the tags", () => {
    expect(view(arpFrame({ to: B, from: A }))).toMatchObject({
      destination: B,
      source: A,
      isGroup: false,
      tags: 0,
    });
    expect(view(arpFrame({ vlans: [3, 0] }))).toMatchObject({ isGroup: true, isBroadcast: true, tags: 2 });
    expect(view(inSnap(over6(icmp6(134)), 1)).tags).toBe(0);
  });

  it("has the ports of UDP only", () => {
    const ports = { sourcePort: 546, destinationPort: 547 };
    const none = { sourcePort: UNREADABLE, destinationPort: UNREADABLE };
    const datagram = over6(udp(546, 547), {
      protocol: PROTOCOL_UDP,
      extensions: [destinationOptions, fragment(0, true)],
    });
    expect(view(datagram)).toMatchObject(ports);
    const later = over6(udp(546, 547), { protocol: PROTOCOL_UDP, extensions: [fragment(1, true)] });
    expect(view(later)).toMatchObject(none);
    expect(view(over4(udp(546, 547), { options: new Uint8Array(8).fill(1) }))).toMatchObject(ports);
    expect(view(over4(udp(546, 547), { protocol: 6 }))).toMatchObject(none);
    expect(view(withTotalLength(over4(udp(1, 2)), 23))).toMatchObject(none);
  });

  it("tells first fragments from later ones", () => {
    expect(view(over4(udp(1, 2), { moreFragments: true })).fragment).toBe("first");
    expect(view(over4(udp(1, 2), { fragmentOffset: 5 })).fragment).toBe("later");
    expect(view(over6(icmp6(1), { extensions: [fragment(0, true)] })).fragment).toBe("first");
    expect(view(over6(icmp6(1), { extensions: [fragment(0, false)] })).fragment).toBe("first");
    const later = view(over6(icmp6(1), { extensions: [fragment(0, true), fragment(3, false)] }));
    expect(later).toMatchObject({ fragment: "later", protocol: PROTOCOL_ICMPV6 });
    expect(later.has(PROTOCOL_ICMPV6, 1)).toBe(false);
  });

  it("goes by the packet's length, not by the frame's padding", () => {
    const short = view(withTotalLength(over4(udp(1, 2, [9])), 22));
    expect([short.has(PROTOCOL_UDP, 2), short.has(PROTOCOL_UDP, 3)]).toEqual([true, false]);
  });

  it("marks frames as unreadable that end too early, contradict themselves, or have too many headers", () => {
    expect(view(withTotalLength(over4(udp(1, 2)), 19)).protocol).toBe(UNREADABLE);
    const tooShort = over4(udp(1, 2));
    tooShort[14] = 0x44;
    expect(view(tooShort)).toMatchObject({ ip: 4, protocol: UNREADABLE });
    const wrongVersion = over4(udp(1, 2));
    wrongVersion[14] = 0x65;
    expect(view(wrongVersion).ip).toBe(0);
    const runsOut = over6(icmp6(134, 0), { extensions: [[60, 9, 0, 0, 0, 0, 0, 0]] });
    expect(view(runsOut)).toMatchObject({ ip: 6, protocol: UNREADABLE });
    const many = (count: number) => new Array(count).fill(destinationOptions);
    expect(view(over6(icmp6(134), { extensions: many(MAX_EXTENSION_HEADERS) })).protocol).toBe(58);
    const tooMany = over6(icmp6(134), { extensions: many(MAX_EXTENSION_HEADERS + 1) });
    expect(view(tooMany).protocol).toBe(UNREADABLE);
    expect(view(arpFrame({ vlans: [1, 2] }).subarray(0, 17))).toMatchObject({ type: UNREADABLE, ip: 0 });
  });

  it("keeps nothing of the frame before", () => {
    const reused = view(over6(icmp6(134), { extensions: [fragment(4, true)] }));
    const next = arpFrame();
    reused.read(next, 0, next.length);
    expect(reused).toMatchObject({ ip: 0, protocol: UNREADABLE, fragment: "none", etherType: ETHERTYPE_ARP });
  });

  it("keeps within the frame, whatever the bytes", () => {
    expectToKeepWithinFrames((seen) =>
      [seen.type, seen.etherType, seen.ip, seen.protocol, seen.fragment].join(),
    );
  });
});
