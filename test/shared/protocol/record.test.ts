import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readVni } from "../../../shared/frame/encapsulation/vxlan.ts";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  RECORD_HEADER_BYTES,
  RECORD_VXLAN,
  type RecordFault,
  readRecords,
} from "../../../shared/protocol/record.ts";
import { Block } from "../../../shared/tunnel/block.ts";

interface Seen {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

interface Read {
  readonly seen: Seen[];
  readonly fault: RecordFault | undefined;
}

/**
 * Reads a message.
 *
 * @param atATime how many records are read in one call
 */
function read(bytes: Uint8Array, batch = true, atATime = Number.POSITIVE_INFINITY): Read {
  const seen: Seen[] = [];
  const block = new Block(bytes);
  let from = 0;
  do {
    let left = atATime;
    const done = readRecords(block, from, bytes.length, batch, {
      record(type, of, start, end) {
        expect(of).toBe(block);
        seen.push({ type, start, end });
        return --left > 0;
      },
    });
    if (typeof done === "string") return { seen, fault: done };
    expect(done).toBe(seen.at(-1)?.end);
    from = done;
  } while (from < bytes.length);
  return { seen, fault: undefined };
}

function record(type: number, body: Uint8Array): Uint8Array {
  return Uint8Array.of(type, body.length >>> 16, body.length >>> 8, body.length, ...body);
}

const frame = fc.uint8Array({ minLength: 14, maxLength: 300 });
const vni = fc.integer({ min: 0, max: 0xffffff });

describe("a record", () => {
  it("matches the bytes in docs/protocol.md", () => {
    const bytes = new Uint8Array(ENCAPSULATION_BYTES + 14).fill(0xee, ENCAPSULATION_BYTES);
    encapsulate(bytes, 0, bytes.length, 0x010203);
    expect([...bytes.subarray(0, ENCAPSULATION_BYTES)]).toEqual([1, 0, 0, 22, 8, 0, 0, 0, 1, 2, 3, 0]);
    expect([...bytes.subarray(ENCAPSULATION_BYTES)]).toEqual(new Array(14).fill(0xee));
  });

  it("survives a round trip, alone or in a batch", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(vni, frame), { minLength: 1, maxLength: 8 }), (packets) => {
        const parts = packets.map(([id, payload]) => {
          const bytes = new Uint8Array(ENCAPSULATION_BYTES + payload.length);
          bytes.set(payload, ENCAPSULATION_BYTES);
          encapsulate(bytes, 0, bytes.length, id);
          return bytes;
        });
        const message = Uint8Array.from(parts.flatMap((part) => [...part]));
        const { seen, fault } = read(message);
        expect(fault).toBeUndefined();
        const out = seen.map(({ type, start, end }) => [
          type,
          readVni(message, start + RECORD_HEADER_BYTES),
          [...message.subarray(start + ENCAPSULATION_BYTES, end)],
        ]);
        expect(out).toEqual(packets.map(([id, payload]) => [RECORD_VXLAN, id, [...payload]]));
      }),
    );
  });
});

describe("reading a message", () => {
  it("passes on only records inside the message, or names the fault, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, batch) => {
        const { seen, fault } = read(bytes, batch);
        let at = 0;
        for (const { start, end } of seen) {
          expect(start).toBe(at);
          expect(end).toBeLessThanOrEqual(bytes.length);
          at = end;
        }
        if (fault === undefined) expect(at).toBe(bytes.length);
      }),
    );
  });

  it.each([
    ["nothing at all", [], "empty message"],
    ["half a header", [1, 0, 0], "record runs past the end"],
    ["a length beyond the end", [9, 0, 0, 2, 0], "record runs past the end"],
    [
      "a packet shorter than VXLAN and Ethernet headers",
      [...record(1, new Uint8Array(21))],
      "record shorter than its type allows",
    ],
    [
      "an offload record shorter than its headers",
      [...record(2, new Uint8Array(31))],
      "record shorter than its type allows",
    ],
    ["rubbish behind a good record", [...record(1, new Uint8Array(22)), 7], "record runs past the end"],
  ])("refuses %s", (_what, bytes, fault) => {
    expect(read(Uint8Array.from(bytes)).fault).toBe(fault);
  });

  it("gives the same result when it stops and continues between records, whatever the bytes", () => {
    const body = fc.uint8Array({ minLength: 18, maxLength: 40 });
    const good = fc.tuple(fc.constantFrom(1, 2, 3), body).map(([type, bytes]) => record(type, bytes));
    const parts = fc.array(fc.oneof({ weight: 4, arbitrary: good }, fc.uint8Array({ maxLength: 6 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(parts, fc.boolean(), fc.integer({ min: 1, max: 4 }), (all, batch, atATime) => {
        const message = Uint8Array.from(all.flatMap((part) => [...part]));
        expect(read(message, batch, atATime)).toEqual(read(message, batch));
      }),
    );
  });

  it("skips unknown types of any length", () => {
    const message = Uint8Array.from([...record(200, new Uint8Array(0)), ...record(3, new Uint8Array(5))]);
    expect(read(message)).toEqual({
      seen: [
        { type: 200, start: 0, end: 4 },
        { type: 3, start: 4, end: 13 },
      ],
      fault: undefined,
    });
  });

  it("reads exactly one record without the feature batch", () => {
    const one = record(1, new Uint8Array(22));
    expect(read(one, false).fault).toBeUndefined();
    expect(read(Uint8Array.from([...one, ...one]), false)).toEqual({
      seen: [],
      fault: "several records without the feature batch",
    });
  });
});
