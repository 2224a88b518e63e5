import { describe, expect, it } from "vitest";
import { EtherTypeFilter, type EtherTypeRule } from "../../../../shared/switch/guards/ethertype-filter.ts";
import {
  arpFrame,
  expectToKeepWithinFrames,
  frame,
  icmp6,
  inSnap,
  over4,
  over6,
  udp,
  view,
} from "./frames.ts";

const ipv4 = over4(udp(1, 2));
const arp = arpFrame();
const ipv6 = over6(icmp6(128));
const spanningTree = frame(38, new Uint8Array(38).fill(0x42));
const tagged = over4(udp(1, 2), { vlans: [0, 7] });

function passed(rule: EtherTypeRule): string[] {
  const filter = new EtherTypeFilter(rule);
  const frames = { ipv4, arp, ipv6, spanningTree, tagged, snap: inSnap(ipv6) };
  return Object.entries(frames)
    .filter(([, bytes]) => filter.check(view(bytes)) === undefined)
    .map(([name]) => name);
}

describe("the EtherType filter", () => {
  it("lets everything pass without a list", () => {
    expect(passed(undefined).length).toBe(6);
    expect(new EtherTypeFilter(undefined).check(view(tagged.subarray(0, 15)))).toBeUndefined();
  });

  it("lets only allowed types pass, with any tags", () => {
    expect(passed({ mode: "allow", types: [0x0800, 0x0806] })).toEqual(["ipv4", "arp", "tagged"]);
    expect(passed({ mode: "allow", types: ["llc"] })).toEqual(["spanningTree", "snap"]);
    expect(passed({ mode: "allow", types: [] })).toEqual([]);
  });

  it("lets all but denied types pass, also in SNAP", () => {
    expect(passed({ mode: "deny", types: [0x86dd] })).toEqual(["ipv4", "arp", "spanningTree", "tagged"]);
    expect(passed({ mode: "deny", types: ["llc"] })).toEqual(["ipv4", "arp", "ipv6", "tagged"]);
  });

  it("denies tagged frames if the tag's type is denied", () => {
    expect(passed({ mode: "deny", types: [0x8100] })).toEqual([
      ...["ipv4", "arp", "ipv6", "spanningTree", "snap"],
    ]);
  });

  it("drops frames that end before their type if there is a list", () => {
    const cut = view(tagged.subarray(0, 15));
    expect(new EtherTypeFilter({ mode: "deny", types: [1536] }).check(cut)).toBe("ethertype");
    expect(new EtherTypeFilter({ mode: "allow", types: [0x8100] }).check(cut)).toBe("ethertype");
  });

  it("keeps within the frame, whatever the bytes", () => {
    const filter = new EtherTypeFilter({ mode: "deny", types: [0x86dd, 0x8100] });
    expectToKeepWithinFrames((seen) => filter.check(seen));
  });
});
