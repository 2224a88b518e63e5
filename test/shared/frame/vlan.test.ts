import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { written } from "../../../shared/frame/bytes.ts";
import {
  decodeEthernet,
  ETHERTYPE_SERVICE_VLAN,
  ETHERTYPE_VLAN,
  type EthernetHeader,
  encodeEthernet,
  type VlanTag,
} from "../../../shared/frame/ethernet.ts";
import {
  classifyVlan,
  copyWithVlan,
  countTags,
  insertVlan,
  isVlan,
  MAX_VLAN,
  NO_TAG,
  RESERVED_VLAN,
  readVlan,
  stripVlan,
  UNTAGGED_VLAN,
} from "../../../shared/frame/vlan.ts";
import { ethernetHeader } from "./arbitraries.ts";

const NOISE = 0xa5;
const vlan = fc.integer({ min: 1, max: MAX_VLAN });
/** Numbers of bytes before and behind the frame, and its payload. */
const surroundings = fc.tuple(fc.integer({ min: 4, max: 40 }), fc.nat(20), fc.uint8Array({ maxLength: 80 }));

interface Placed {
  readonly bytes: Uint8Array;
  readonly frame: number;
  readonly end: number;
}

function place(
  header: EthernetHeader,
  [before, behind, payload]: readonly [number, number, Uint8Array],
): Placed {
  const bytes = new Uint8Array(before + 14 + 4 * header.tags.length + payload.length + behind).fill(NOISE);
  const at = written(encodeEthernet(bytes, before, header));
  bytes.set(payload, at);
  return { bytes, frame: before, end: at + payload.length };
}

const plain = { destination: 0xffff_ffff_ffff, source: 0x0200_0000_0001, etherType: 0x0806 };
const tag = (id: number, tpid = ETHERTYPE_VLAN): VlanTag => ({
  tpid,
  priority: 5,
  dropEligible: true,
  vlan: id,
});
const tagged = (...tags: VlanTag[]) => place({ ...plain, tags }, [4, 0, new Uint8Array(46)]);

describe("a VLAN tag", () => {
  it("can be read after it was inserted, and changes nothing behind it", () => {
    fc.assert(
      fc.property(ethernetHeader, surroundings, vlan, (header, around, id) => {
        const { bytes, frame, end } = place(header, around);
        const before = bytes.slice();
        const start = written(insertVlan(bytes, frame, id));
        expect(start).toBe(frame - 4);
        const outer = { tpid: ETHERTYPE_VLAN, priority: 0, dropEligible: false, vlan: id };
        expect(decodeEthernet(bytes, start, end)).toMatchObject({ ...header, tags: [outer, ...header.tags] });
        expect(readVlan(bytes, start, end)).toBe(id);
        expect(classifyVlan(bytes, start, end)).toBe(id);
        expect(bytes.subarray(0, start)).toEqual(before.subarray(0, start));
        expect(bytes.subarray(frame + 12)).toEqual(before.subarray(frame + 12));
      }),
    );
  });

  it("can be removed after it was inserted, and leaves the frame as before", () => {
    fc.assert(
      fc.property(ethernetHeader, surroundings, vlan, (header, around, id) => {
        const { bytes, frame } = place(header, around);
        const before = bytes.slice();
        expect(stripVlan(bytes, written(insertVlan(bytes, frame, id)))).toBe(frame);
        expect(bytes.subarray(frame)).toEqual(before.subarray(frame));
        expect(bytes.subarray(0, frame - 4)).toEqual(before.subarray(0, frame - 4));
      }),
    );
  });

  it("is the same in a copy, which leaves the frame unchanged", () => {
    fc.assert(
      fc.property(ethernetHeader, surroundings, vlan, fc.nat(9), (header, around, id, at) => {
        const { bytes, frame, end } = place(header, around);
        const before = bytes.slice();
        const into = new Uint8Array(at + end - frame + 4 + 3).fill(NOISE);
        const last = copyWithVlan(bytes, frame, end, id, into, at);
        expect(bytes).toEqual(before);
        const start = written(insertVlan(bytes, frame, id));
        expect(into.subarray(at, last)).toEqual(bytes.subarray(start, end));
        expect([...into.subarray(0, at), ...into.subarray(last)]).toEqual(new Array(at + 3).fill(NOISE));
      }),
    );
  });

  it("is removed with all others at once", () => {
    fc.assert(
      fc.property(ethernetHeader, surroundings, (header, around) => {
        const { bytes, frame, end } = place(header, around);
        const tags = countTags(bytes, frame, end);
        expect(tags).toBe(header.tags.length);
        const stripped = stripVlan(bytes, frame, tags);
        const untagged = place({ ...header, tags: [] }, around);
        expect(bytes.slice(stripped, end)).toEqual(untagged.bytes.slice(untagged.frame, untagged.end));
      }),
    );
  });

  it("is 81 00 and the id in network order, behind the addresses", () => {
    const { bytes, frame } = tagged();
    insertVlan(bytes, frame, 0x123);
    expect([...bytes.subarray(0, 18)]).toEqual([
      ...[255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1],
      ...[0x81, 0x00, 0x01, 0x23, 0x08, 0x06],
    ]);
  });

  it("is not inserted, not even in part, without room for it", () => {
    const { bytes, end } = tagged();
    const before = bytes.slice();
    expect(insertVlan(bytes, 3, 10)).toBeUndefined();
    expect(copyWithVlan(bytes, 4, end, 10, bytes.subarray(0, end - 1), 0)).toBeUndefined();
    expect(bytes).toEqual(before);
  });

  it.each([
    ["none", [], NO_TAG, UNTAGGED_VLAN],
    ["one of 802.1Q", [tag(10)], 10, 10],
    ["the highest id", [tag(4094)], 4094, 4094],
    ["one inside another", [tag(10), tag(20)], 10, 10],
    ["a priority tag", [tag(0)], 0, UNTAGGED_VLAN],
    ["a priority tag before another", [tag(0), tag(10)], 0, RESERVED_VLAN],
    ["the reserved id", [tag(4095)], 4095, RESERVED_VLAN],
    ["one of a provider's bridge", [tag(10, ETHERTYPE_SERVICE_VLAN)], 10, RESERVED_VLAN],
    ["a provider's priority tag", [tag(0, ETHERTYPE_SERVICE_VLAN)], 0, RESERVED_VLAN],
    ["a provider's inside", [tag(10), tag(20, ETHERTYPE_SERVICE_VLAN)], 10, 10],
  ])("tells the VLAN, and where it belongs on a trunk: %s", (_what, tags, read, belongs) => {
    const { bytes, frame, end } = tagged(...tags);
    expect(readVlan(bytes, frame, end)).toBe(read);
    expect(classifyVlan(bytes, frame, end)).toBe(belongs);
    expect(countTags(bytes, frame, end)).toBe(tags.length);
  });

  it("is in no VLAN if it is cut short, at every length and whatever follows", () => {
    const { bytes, frame } = tagged(tag(10));
    for (let end = frame + 14; end < frame + 18; end++) {
      expect(readVlan(bytes, frame, end)).toBe(RESERVED_VLAN);
      expect(classifyVlan(bytes, frame, end)).toBe(RESERVED_VLAN);
      expect(countTags(bytes, frame, end)).toBe(-1);
    }
    expect(readVlan(bytes, frame, frame + 18)).toBe(10);
  });
});

describe("a VLAN id", () => {
  it.each([1, 10, 4094])("can be %d", (id) => {
    expect(isVlan(id)).toBe(true);
  });

  it.each([0, -1, 4095, 4096, 1.5, Number.NaN])("can't be %d", (id) => {
    expect(isVlan(id)).toBe(false);
  });
});
