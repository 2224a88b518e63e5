import { describe, expect, it } from "vitest";
import { PROTOCOL_UDP } from "../../../../shared/frame/ip/ipv4.ts";
import { isMld } from "../../../../shared/switch/multicast/control.ts";
import {
  destinationOptions,
  expectToKeepWithinFrames,
  fragment,
  hopByHop,
  icmp6,
  over6,
  view,
} from "../guards/frames.ts";

const REPORT = 131;

describe("a message of MLD", () => {
  it("is found behind hop-by-hop options as well as without, and behind other extension headers", () => {
    for (const extensions of [[], [hopByHop], [hopByHop, destinationOptions]]) {
      const seen = view(over6(icmp6(REPORT, 24), { extensions }));
      expect(isMld(seen)).toBe(true);
      expect(seen.bytes[seen.transport]).toBe(REPORT);
    }
    for (const type of [130, 131, 132, 143]) expect(isMld(view(over6(icmp6(type))))).toBe(true);
  });

  it("is not found if there is another protocol, another ICMPv6 message, a fragment or no end to the options", () => {
    const packet = over6(icmp6(REPORT, 24), { extensions: [hopByHop] });
    expect(isMld(view(over6(icmp6(135), { extensions: [hopByHop] })))).toBe(false);
    expect(isMld(view(packet.with(14 + 6, PROTOCOL_UDP)))).toBe(false);
    expect(isMld(view(packet.with(14 + 40, PROTOCOL_UDP)))).toBe(false);
    expect(isMld(view(packet.with(14 + 41, 255)))).toBe(false);
    expect(isMld(view(over6(icmp6(REPORT, 24), { extensions: [fragment(0, true)] })))).toBe(false);
    for (let end = 14; end <= 14 + 48; end++) expect(isMld(view(packet.subarray(0, end)))).toBe(false);
  });

  it("is looked for within the frame, whatever the bytes", () => {
    expectToKeepWithinFrames(isMld);
  });
});
