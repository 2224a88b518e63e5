import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeUint16 } from "../../../../shared/frame/bytes.ts";
import {
  CHANGE_TO_INCLUDE,
  MODE_IS_EXCLUDE,
  MODE_IS_INCLUDE,
} from "../../../../shared/frame/groups/group-record.ts";
import {
  ALL_NODES,
  decodeMld,
  encodeMldQuery,
  MLD_V2_QUERY_BYTES,
  type MldQueryFields,
} from "../../../../shared/frame/groups/mld.ts";
import { isIcmpv6Intact } from "../../../../shared/frame/ip/icmp.ts";
import { ipv6Address } from "../arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";
import { listenerMessage, mldRecords } from "../group-messages.ts";

const SOURCE = 0xfe80_0000_0000_0000_0000_0000_0000_0001n;
const GROUP = 0xff05_0000_0000_0000_0000_0000_0001_0003n;

const milliseconds = fc.oneof(
  fc.integer({ min: 0, max: 32_767 }),
  fc
    .tuple(fc.integer({ min: 0, max: 4095 }), fc.integer({ min: 3, max: 10 }))
    .map(([mantissa, shift]) => (mantissa | 4096) << shift),
);
const seconds = fc.oneof(
  fc.integer({ min: 0, max: 127 }),
  fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 3, max: 10 }))
    .map(([mantissa, shift]) => (mantissa | 16) << shift),
);
const query: fc.Arbitrary<MldQueryFields> = fc.record({
  group: ipv6Address,
  maxResponseMs: milliseconds,
  suppress: fc.boolean(),
  robustness: fc.integer({ min: 0, max: 7 }),
  intervalSeconds: seconds,
});
const general: MldQueryFields = {
  group: 0n,
  maxResponseMs: 10_000,
  suppress: false,
  robustness: 2,
  intervalSeconds: 125,
};

const encoded = (fields: MldQueryFields) => {
  const bytes = new Uint8Array(MLD_V2_QUERY_BYTES);
  encodeMldQuery(bytes, 0, fields, SOURCE, ALL_NODES);
  return bytes;
};

describe("an MLD query", () => {
  it("decodes to what was encoded, with a right checksum", () => {
    fc.assert(
      fc.property(query, (fields) => {
        const { bytes, start, end } = encodeInNoise((into, offset) =>
          encodeMldQuery(into, offset, fields, SOURCE, ALL_NODES),
        );
        expect(decodeMld(bytes, start, end)).toEqual({ kind: "query", version: 2, sources: 0, ...fields });
        expect(isIcmpv6Intact(bytes, start, end, SOURCE, ALL_NODES)).toBe(true);
      }),
    );
  });

  it("is of v1 by its 24 bytes, and of no version between those and 28", () => {
    const bytes = encoded(general);
    expect(decodeMld(bytes, 0, 24)).toMatchObject({ kind: "query", version: 1, maxResponseMs: 10_000 });
    for (const end of [25, 26, 27]) {
      expect(decodeMld(bytes, 0, end)).toMatchObject({ layer: "mld", reason: "bad-length" });
    }
  });

  it("counts its sources, and is truncated without them", () => {
    const bytes = new Uint8Array(28 + 32);
    bytes.set(encoded({ ...general, group: GROUP }));
    writeUint16(bytes, 26, 2);
    expect(decodeMld(bytes, 0, bytes.length)).toMatchObject({ group: GROUP, sources: 2 });
    writeUint16(bytes, 26, 3);
    expect(decodeMld(bytes, 0, bytes.length)).toMatchObject({ layer: "mld", reason: "truncated" });
  });

  it.each<[string, Partial<MldQueryFields>]>([
    ["a group", { group: 1n << 128n }],
    ["a response time", { maxResponseMs: 8_387_585 }],
    ["a robustness", { robustness: 8 }],
    ["an interval", { intervalSeconds: 31_745 }],
  ])("is not encoded with %s out of range, not even in part", (_, wrong) => {
    const bytes = new Uint8Array(28);
    expect(encodeMldQuery(bytes, 0, { ...general, ...wrong }, SOURCE, ALL_NODES)).toBeUndefined();
    expect(encodeMldQuery(bytes, 0, general, -1n, ALL_NODES)).toBeUndefined();
    expect(encodeMldQuery(bytes, 1, general, SOURCE, ALL_NODES)).toBeUndefined();
    expect(bytes).toEqual(new Uint8Array(28));
  });
});

describe("an MLD message", () => {
  it("has the group of v1's report and done", () => {
    const report = listenerMessage(131, GROUP);
    expect(decodeMld(report, 0, 24)).toEqual({ kind: "report", version: 1, group: GROUP });
    const done = listenerMessage(132, GROUP);
    expect(decodeMld(done, 0, 24)).toEqual({ kind: "leave", version: 1, group: GROUP });
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeMld, query.map(encoded));
    const records = fc.array(
      fc.record({
        type: fc.integer({ min: 1, max: 6 }),
        group: ipv6Address,
        sources: fc.array(ipv6Address, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    );
    expectToKeepWithinBounds(decodeMld, records.map(mldRecords));
    expectToRefuseSenselessRanges(decodeMld, listenerMessage(131, GROUP));
  });

  it("is truncated below its length, and refused when it is of another kind", () => {
    const report = listenerMessage(131, GROUP);
    for (let end = 0; end < 24; end++) {
      expect(decodeMld(report, 0, end)).toMatchObject({ layer: "mld", reason: "truncated" });
    }
    expect(decodeMld(report.with(0, 135), 0, 24)).toMatchObject({ layer: "mld", reason: "bad-type" });
  });
});

describe("an MLDv2 report", () => {
  const records = [
    { type: MODE_IS_EXCLUDE, group: GROUP, sources: [] },
    { type: MODE_IS_INCLUDE, group: GROUP + 1n, sources: [1n, 2n] },
    { type: CHANGE_TO_INCLUDE, group: GROUP + 2n, sources: [] },
  ];
  const seen = records.map((record) => ({ ...record, sources: record.sources.length }));

  it("lists its records, each with its number of sources", () => {
    const bytes = mldRecords(records);
    expect(decodeMld(bytes, 0, bytes.length)).toEqual({ kind: "records", records: seen });
  });

  it("is read up to its end if it announces more records", () => {
    const bytes = mldRecords(records);
    writeUint16(bytes, 6, 0xffff);
    expect(decodeMld(bytes, 0, bytes.length)).toEqual({ kind: "records", records: seen });
  });

  it("is read up to a record that announces too many sources or too much auxiliary data", () => {
    for (const [index, value] of [
      [8 + 20 + 3, 4],
      [8 + 20 + 1, 30],
    ] as const) {
      const bytes = mldRecords(records).with(index, value);
      expect(decodeMld(bytes, 0, bytes.length)).toEqual({ kind: "records", records: seen.slice(0, 1) });
    }
  });
});
