import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fragmentIpv4 } from "../../../../shared/frame/ip/fragment-ipv4.ts";
import { decodeIpv4, encodeIpv4, type Ipv4Fields } from "../../../../shared/frame/ip/ipv4.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import { hostileBytes } from "../bounds.ts";

function packet(payloadLength: number, change: Partial<Ipv4Fields> = {}): Uint8Array {
  const bytes = new Uint8Array(20 + (change.options?.length ?? 0) + payloadLength).map((_, i) => i * 13);
  encodeIpv4(bytes, 0, {
    protocol: 17,
    source: 0x0a140001,
    destination: 0x0a150002,
    identification: 77,
    payloadLength,
    ...change,
  });
  return bytes;
}

function read(bytes: Uint8Array, start = 0) {
  const ip = decodeIpv4(bytes, start, bytes.length);
  if (ip instanceof Malformed) throw new Error(ip.code);
  return ip;
}

describe("cutting an IPv4 packet", () => {
  it("returns fragments that fit and reassemble to the packet", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000 }),
        fc.integer({ min: 68, max: 1_500 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 500 }),
        (payloadLength, mtu, moreFragments, fragmentOffset) => {
          const whole = packet(payloadLength, { moreFragments, fragmentOffset });
          const fragments = fragmentIpv4(whole, 0, whole.length, mtu, 14) ?? [];

          const together = new Uint8Array(payloadLength);
          let next = fragmentOffset;
          for (const [i, bytes] of fragments.entries()) {
            const ip = read(bytes, 14);
            expect(ip.end - 14).toBeLessThanOrEqual(mtu);
            expect(ip).toMatchObject({
              identification: 77,
              source: 0x0a140001,
              destination: 0x0a150002,
              protocol: 17,
              fragmentOffset: next,
            });
            const isLast = i === fragments.length - 1;
            expect(ip.moreFragments).toBe(moreFragments || !isLast);
            if (!isLast) expect(ip.payloadLength % 8).toBe(0);
            together.set(bytes.subarray(ip.payload, ip.end), (next - fragmentOffset) * 8);
            next += ip.payloadLength / 8;
          }
          expect(together).toEqual(whole.subarray(20));
        },
      ),
    );
  });

  it("repeats only copied options in later fragments", () => {
    const options = Uint8Array.of(0x94, 4, 0, 0, 7, 3, 4, 1);
    const whole = packet(100, { options });

    const [first, second] = fragmentIpv4(whole, 0, whole.length, 80) ?? [];

    expect(read(first ?? whole).options).toEqual(options);
    expect(read(second ?? whole).options).toEqual(options.subarray(0, 4));
  });

  it("leaves a packet whole if DF is set or no payload would fit", () => {
    const kept = packet(100, { dontFragment: true });
    const cut = packet(100);

    expect(fragmentIpv4(kept, 0, kept.length, 60)).toBeUndefined();
    expect(fragmentIpv4(cut, 0, cut.length, 27)).toBeUndefined();
  });

  it("never throws for any input", () => {
    fc.assert(
      fc.property(
        hostileBytes(fc.constantFrom(packet(100), packet(9, { options: Uint8Array.of(0x94, 4, 0, 0) }))),
        (bytes) => void fragmentIpv4(bytes, 0, bytes.length, 68),
      ),
    );
  });
});
