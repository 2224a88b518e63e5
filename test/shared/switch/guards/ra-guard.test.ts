import { describe, expect, it } from "vitest";
import { RaGuard } from "../../../../shared/switch/guards/ra-guard.ts";
import type { SegmentNotice } from "../../../../shared/switch/notice.ts";
import { MAX_EXTENSION_HEADERS } from "../../../../shared/switch/policy/frame-view.ts";
import {
  arpFrame,
  destinationOptions,
  expectToKeepWithinFrames,
  fragment,
  hopByHop,
  icmp6,
  inSnap,
  longDestinationOptions,
  over4,
  over6,
  portWith,
  udp,
  view,
} from "./frames.ts";

const ADVERTISEMENT = 134;
const REDIRECT = 137;
const plain = portWith();
const router = portWith("router");

function check(frame: Uint8Array, port = plain) {
  return new RaGuard(() => {}).check(port, view(frame), 0);
}

describe("the RA guard", () => {
  it("drops router advertisements and redirects from ports without the role", () => {
    for (const type of [ADVERTISEMENT, REDIRECT]) {
      expect(check(over6(icmp6(type)))).toBe("ra-guard");
      expect(check(over6(icmp6(type)), router)).toBeUndefined();
      expect(check(over6(icmp6(type)), portWith("dhcp-server"))).toBe("ra-guard");
    }
  });

  it.each([
    ["tags", over6(icmp6(134), { vlans: [0, 0, 5] })],
    ["LLC and SNAP", inSnap(over6(icmp6(134)), 1)],
    ["a hop-by-hop header", over6(icmp6(134), { extensions: [hopByHop] })],
    [
      "many headers",
      over6(icmp6(134), { extensions: [hopByHop, longDestinationOptions, destinationOptions] }),
    ],
    ["an atomic fragment", over6(icmp6(134), { extensions: [fragment(0, false)] })],
    ["a first fragment", over6(icmp6(134), { extensions: [destinationOptions, fragment(0, true)] })],
    ["a first fragment that ends before it", over6(icmp6(134, 0), { extensions: [fragment(0, true)] })],
    [
      "a first fragment that is nothing but headers",
      over6(new Uint8Array(8), { extensions: [fragment(0, true), [60, 9, 0, 0, 0, 0, 0, 0]] }),
    ],
    [
      "more headers than anybody needs",
      over6(icmp6(134), { extensions: new Array(MAX_EXTENSION_HEADERS + 1).fill(destinationOptions) }),
    ],
  ])("finds them behind %s", (_, frame) => {
    expect(check(frame)).toBe("ra-guard");
    expect(check(frame, router)).toBeUndefined();
  });

  it("drops neighbour discovery in fragments, which machines ignore", () => {
    for (const type of [133, 135, 136, 148, 149]) {
      expect(check(over6(icmp6(type), { extensions: [fragment(0, true)] }))).toBe("ra-guard");
      expect(check(over6(icmp6(type)))).toBeUndefined();
    }
  });

  it("lets everything else pass: pings whole and in fragments, solicitations, other protocols", () => {
    for (const frame of [
      over6(icmp6(128)),
      over6(icmp6(128), { extensions: [fragment(0, true)] }),
      over6(icmp6(ADVERTISEMENT), { extensions: [fragment(185, false)] }),
      over6(icmp6(133)),
      over6(icmp6(ADVERTISEMENT), { protocol: 17 }),
      over6(icmp6(ADVERTISEMENT), { protocol: 50 }),
      over6(icmp6(0, 0), { protocol: 59 }),
      over4(udp(1, 2), { protocol: 58 }),
      arpFrame(),
    ]) {
      expect(check(frame)).toBeUndefined();
    }
  });

  it("reports a router without the role once a minute", () => {
    const notices: SegmentNotice[] = [];
    const guard = new RaGuard((notice) => notices.push(notice));
    const advertisement = view(over6(icmp6(ADVERTISEMENT)));
    for (const now of [0, 1, 59, 60]) guard.check(plain, advertisement, now);
    guard.check(router, advertisement, 61);
    expect(notices.map(({ code, ports }) => [code, ports])).toEqual([
      ["rogue-router", [plain]],
      ["rogue-router", [plain]],
    ]);
    expect(notices[0]?.message).toMatch(/^02:00:00:00:00:01 at plain sends router advertisements/);
    guard.detach(plain);
    guard.check(plain, view(over6(icmp6(REDIRECT))), 62);
    expect(notices[2]?.message).toContain("redirects");
  });

  it("keeps within the frame, whatever the bytes", () => {
    const guard = new RaGuard(() => {});
    expectToKeepWithinFrames((seen) => guard.check(plain, seen, 0));
  });
});
