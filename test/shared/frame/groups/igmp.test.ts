import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeUint16, writeUint32 } from "../../../../shared/frame/bytes.ts";
import { checksum } from "../../../../shared/frame/checksum.ts";
import {
  CHANGE_TO_INCLUDE,
  MODE_IS_EXCLUDE,
  MODE_IS_INCLUDE,
} from "../../../../shared/frame/groups/group-record.ts";
import { decodeIgmp, encodeIgmpQuery, type IgmpQueryFields } from "../../../../shared/frame/groups/igmp.ts";
import { ipv4Address } from "../arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";
import { igmpRecords, membershipMessage } from "../group-messages.ts";

const GROUP = 0xef01_0203;

/** Times that codes of 8 bits say exactly: up to 127 as they are, above in the steps of their exponent. */
const sayable = fc
  .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 8 }))
  .map(([mantissa, exponent]) => (exponent === 0 ? mantissa : (mantissa | 16) << (exponent + 2)));

const query: fc.Arbitrary<IgmpQueryFields> = fc.oneof(
  fc.record({
    version: fc.constant(2 as const),
    group: ipv4Address,
    maxResponseMs: fc.integer({ min: 1, max: 255 }).map((tenths) => tenths * 100),
  }),
  fc.record({
    version: fc.constant(3 as const),
    group: ipv4Address,
    maxResponseMs: sayable.map((tenths) => tenths * 100),
    suppress: fc.boolean(),
    robustness: fc.integer({ min: 0, max: 7 }),
    intervalSeconds: sayable,
  }),
);

const encoded = (fields: IgmpQueryFields) => {
  const bytes = new Uint8Array(16);
  return bytes.subarray(0, encodeIgmpQuery(bytes, 0, fields));
};

const general: IgmpQueryFields = {
  version: 3,
  group: 0,
  maxResponseMs: 10_000,
  suppress: false,
  robustness: 2,
  intervalSeconds: 125,
};

const sealed = (bytes: Uint8Array) => {
  writeUint16(bytes, 2, 0);
  writeUint16(bytes, 2, checksum(bytes, 0, bytes.length));
  return bytes;
};

describe("an IGMP query", () => {
  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(query, (fields) => {
        const { bytes, start, end } = encodeInNoise((into, offset) => encodeIgmpQuery(into, offset, fields));
        const silent = { suppress: false, robustness: 0, intervalSeconds: 0 };
        expect(decodeIgmp(bytes, start, end)).toEqual({ kind: "query", sources: 0, ...silent, ...fields });
      }),
    );
  });

  it("has the next shorter time if a code of v3 cannot express it exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 31_744 }), (seconds) => {
        const bytes = encoded({ ...general, version: 3, intervalSeconds: seconds });
        const decoded = decodeIgmp(bytes, 0, bytes.length);
        const said = "intervalSeconds" in decoded ? decoded.intervalSeconds : Number.NaN;
        expect(said).toBeLessThanOrEqual(seconds);
        expect(said).toBeGreaterThan(seconds - Math.max(1, seconds / 16));
      }),
    );
  });

  it("is of v1 without a response time, which is then 10 s", () => {
    const bytes = sealed(Uint8Array.of(0x11, 0, 0, 0, 0, 0, 0, 0));
    expect(decodeIgmp(bytes, 0, 8)).toMatchObject({ kind: "query", version: 1, maxResponseMs: 10_000 });
  });

  it("is refused with a length of no version", () => {
    for (const length of [9, 10, 11]) {
      const bytes = sealed(Uint8Array.of(0x11, 100, ...new Uint8Array(length - 2)));
      expect(decodeIgmp(bytes, 0, length)).toMatchObject({ layer: "igmp", reason: "bad-length" });
    }
  });

  it("counts its sources, and is truncated without them", () => {
    const bytes = new Uint8Array(20);
    bytes.set(encoded({ ...general, group: GROUP }));
    writeUint16(bytes, 10, 2);
    expect(decodeIgmp(sealed(bytes), 0, 20)).toMatchObject({ group: GROUP, sources: 2 });
    writeUint16(bytes, 10, 3);
    expect(decodeIgmp(sealed(bytes), 0, 20)).toMatchObject({ layer: "igmp", reason: "truncated" });
  });

  it.each<[string, Partial<IgmpQueryFields>]>([
    ["a group", { group: -1 }],
    ["a response time", { maxResponseMs: 31_744 * 100 + 100 }],
    ["a robustness", { version: 3, robustness: 8 }],
    ["an interval", { version: 3, intervalSeconds: 31_745 }],
    ["a response time of v2", { version: 2, maxResponseMs: 25_600 }],
  ])("is not encoded with %s out of range, not even in part", (_, wrong) => {
    const bytes = new Uint8Array(12);
    expect(encodeIgmpQuery(bytes, 0, { ...general, ...wrong } as IgmpQueryFields)).toBeUndefined();
    expect(bytes).toEqual(new Uint8Array(12));
    expect(encodeIgmpQuery(bytes, 1, general)).toBeUndefined();
  });
});

describe("an IGMP message", () => {
  it.each([
    [0x12, { kind: "report", version: 1 }],
    [0x16, { kind: "report", version: 2 }],
    [0x17, { kind: "leave", version: 2 }],
  ])("of type %i says what its host is in", (type, expected) => {
    const bytes = membershipMessage(type, GROUP);
    expect(decodeIgmp(bytes, 0, 8)).toEqual({ ...expected, group: GROUP });
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeIgmp, query.map(encoded));
    const records = fc.array(
      fc.record({
        type: fc.integer({ min: 1, max: 6 }),
        group: ipv4Address,
        sources: fc.array(ipv4Address, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    );
    expectToKeepWithinBounds(decodeIgmp, records.map(igmpRecords));
    expectToRefuseSenselessRanges(decodeIgmp, membershipMessage(0x16, GROUP));
  });

  it("is truncated below 8 bytes, and refused when damaged or of another kind", () => {
    const bytes = membershipMessage(0x16, GROUP);
    for (let end = 0; end < 8; end++) {
      expect(decodeIgmp(bytes, 0, end)).toMatchObject({ layer: "igmp", reason: "truncated" });
    }
    expect(decodeIgmp(bytes.with(7, 0xff), 0, 8)).toMatchObject({ layer: "igmp", reason: "bad-checksum" });
    expect(decodeIgmp(sealed(bytes.with(0, 0x13)), 0, 8)).toMatchObject({ reason: "bad-type" });
  });
});

describe("an IGMPv3 report", () => {
  const records = [
    { type: MODE_IS_EXCLUDE, group: GROUP, sources: [] },
    { type: MODE_IS_INCLUDE, group: GROUP + 1, sources: [1, 2, 3] },
    { type: CHANGE_TO_INCLUDE, group: GROUP + 2, sources: [] },
  ];
  const seen = records.map((record) => ({ ...record, sources: record.sources.length }));

  it("lists its records, each with its number of sources", () => {
    const bytes = igmpRecords(records);
    expect(decodeIgmp(bytes, 0, bytes.length)).toEqual({ kind: "records", records: seen });
  });

  it("is read past auxiliary data", () => {
    const bytes = new Uint8Array(8 + 12 + 8);
    bytes.set([0x22, 0, 0, 0, 0, 0, 0, 2, MODE_IS_EXCLUDE, 1]);
    writeUint32(bytes, 12, GROUP);
    bytes[20] = CHANGE_TO_INCLUDE;
    writeUint32(bytes, 24, GROUP + 1);
    expect(decodeIgmp(sealed(bytes), 0, bytes.length)).toMatchObject({
      records: [{ group: GROUP }, { group: GROUP + 1 }],
    });
  });

  it("is read up to its end if it announces more records", () => {
    const bytes = igmpRecords(records);
    writeUint16(bytes, 6, 0xffff);
    expect(decodeIgmp(sealed(bytes), 0, bytes.length)).toEqual({ kind: "records", records: seen });
  });

  it("is read up to a record that announces too many sources", () => {
    const bytes = igmpRecords(records);
    writeUint16(bytes, 8 + 8 + 2, 6);
    expect(decodeIgmp(sealed(bytes), 0, bytes.length)).toEqual({
      kind: "records",
      records: seen.slice(0, 1),
    });
  });
});
