import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../../../shared/switch/guards/token-bucket.ts";

describe("a token bucket", () => {
  it("lets a burst pass at once, and then its rate", () => {
    const bucket = new TokenBucket(10, 3, 100);
    expect([1, 2, 3, 4].map(() => bucket.take(100))).toEqual([true, true, true, false]);
    expect([bucket.take(100.05), bucket.take(100.11), bucket.take(100.12)]).toEqual([false, true, false]);
    expect([1, 2, 3, 4].map(() => bucket.take(999))).toEqual([true, true, true, false]);
  });

  it("lets a packet pass that costs more than a burst, and delays the next ones", () => {
    const bucket = new TokenBucket(10, 2, 0);
    expect([bucket.take(0, 12), bucket.take(0.9), bucket.take(1.1)]).toEqual([true, false, true]);
  });

  it("gains nothing from a clock that goes back", () => {
    const bucket = new TokenBucket(1, 1, 50);
    expect([bucket.take(50), bucket.take(0), bucket.take(50.5), bucket.take(51)]).toEqual([
      ...[true, false, false, true],
    ]);
  });

  it("never lets more pass than its burst and rate, nor less if asked all the time", () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(
        pauses,
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (gaps, rate, burst) => {
          const bucket = new TokenBucket(rate, burst, 0);
          let now = 0;
          let passed = 0;
          for (const gap of gaps) {
            now += gap / 100;
            if (bucket.take(now)) passed++;
          }
          expect(passed).toBeLessThanOrEqual(burst + now * rate + 1e-6);
          expect(passed).toBeGreaterThanOrEqual(Math.min(gaps.length, burst));
        },
      ),
    );
  });
});
