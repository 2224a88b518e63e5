import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readUint16, writeUint16, written } from "../../../../shared/frame/bytes.ts";
import { checksum, sumPseudoHeader } from "../../../../shared/frame/checksum.ts";
import { encodeEthernet } from "../../../../shared/frame/ethernet.ts";
import { encodeIpv4 } from "../../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6 } from "../../../../shared/frame/ip/ipv6.ts";
import { clampMss, findMss } from "../../../../shared/frame/ip/tcp-mss.ts";
import { hostileBytes } from "../bounds.ts";

const SYN = 0x02;
const ACK = 0x10;

interface Segment {
  readonly version: 4 | 6;
  readonly flags: number;
  readonly options: readonly number[];
}

/** A frame with a TCP segment without data, whose checksum is right, and where that lies. */
function frameOf({ version, flags, options }: Segment): { frame: Uint8Array; tcp: number; sum: number } {
  const padded = [...options, ...new Array<number>((4 - (options.length % 4)) % 4).fill(0)];
  const length = 20 + padded.length;
  const header = version === 4 ? 20 : 40;
  const frame = new Uint8Array(14 + header + length);
  const macs = { destination: 2, source: 4, tags: [] };
  const at = written(encodeEthernet(frame, 0, { ...macs, etherType: version === 4 ? 0x0800 : 0x86dd }));
  const [source, destination] = version === 4 ? [0x0a000001, 0x0a000002] : [1n << 120n, 2n];
  if (typeof source === "number" && typeof destination === "number") {
    encodeIpv4(frame, at, { protocol: 6, source, destination, payloadLength: length });
  } else if (typeof source === "bigint" && typeof destination === "bigint") {
    encodeIpv6(frame, at, { nextHeader: 6, source, destination, payloadLength: length });
  }
  const tcp = at + header;
  frame.set([0x12, 0x34, 0, 80], tcp);
  frame[tcp + 12] = (length / 4) << 4;
  frame[tcp + 13] = flags;
  frame.set(padded, tcp + 20);
  const sum = sumPseudoHeader(source ?? 0, destination ?? 0, 6, length);
  writeUint16(frame, tcp + 16, checksum(frame, tcp, frame.length, sum));
  return { frame, tcp, sum };
}

const mss = (value: number) => [2, 4, value >> 8, value & 0xff];

describe("a SYN's maximum segment size", () => {
  it("is lowered to what fits, and its checksum stays right, wherever the option is", () => {
    const arbitrary = fc.record({
      version: fc.constantFrom(4 as const, 6 as const),
      flags: fc.constantFrom(SYN, SYN | ACK),
      nops: fc.nat(7),
      said: fc.integer({ min: 0, max: 0xffff }),
      limit: fc.integer({ min: 600, max: 1600 }),
    });
    fc.assert(
      fc.property(arbitrary, ({ version, flags, nops, said, limit }) => {
        const options = [...new Array<number>(nops).fill(1), ...mss(said)];
        const { frame, tcp, sum } = frameOf({ version, flags, options });
        const at = findMss(frame, 0, frame.length);
        expect(at).toBe(tcp + 20 + nops + 2);
        const most = limit - 14 - (version === 4 ? 40 : 60);
        expect(clampMss(frame, 0, frame.length, at, limit)).toBe(said > most);
        expect(readUint16(frame, at)).toBe(Math.min(said, most));
        expect(checksum(frame, tcp, frame.length, sum)).toBe(0);
      }),
    );
  });

  it.each([
    ["a segment that is no SYN", ACK, mss(1460)],
    ["a SYN without the option", SYN, [1, 1, 3, 3, 7]],
    ["a SYN whose options end before it", SYN, [0, ...mss(1460)]],
    ["an option of a length that can't be", SYN, [2, 0, 5, 5]],
    ["an option cut short", SYN, [1, 1, 1, 2]],
  ])("is not looked for in %s", (_, flags, options) => {
    const { frame } = frameOf({ version: 4, flags, options });
    expect(findMss(frame, 0, frame.length)).toBe(-1);
  });

  it("is found within the frame or not at all, for any bytes", () => {
    const syns = fc
      .constantFrom(4 as const, 6 as const)
      .map((version) => frameOf({ version, flags: SYN, options: mss(1460) }).frame);
    fc.assert(
      fc.property(hostileBytes(syns), (bytes) => {
        const at = findMss(bytes, 0, bytes.length);
        if (at < 0) return;
        expect(at + 2).toBeLessThanOrEqual(bytes.length);
        clampMss(bytes, 0, bytes.length, at, 1000);
      }),
    );
  });
});
