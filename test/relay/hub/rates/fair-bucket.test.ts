import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairBucket, type Share } from "../../../../relay/hub/rates/fair-bucket.ts";

const RATE = 1_000_000;
const BURST = RATE / 4;

let owners = 0;

/** A bucket, and a clock that a test sets. */
class Bench {
  now = 100;
  readonly bucket: FairBucket;

  constructor(rate = RATE, burst = BURST) {
    this.bucket = new FairBucket(rate, burst, () => this.now);
  }

  /**
   * Simulates senders for so many seconds, in steps of a millisecond, each with bytes per second in frames of a size.
   * Returns the bytes per second that each got through. The bucket ticks every second.
   */
  run(shares: readonly Share[], wishes: readonly number[], seconds: number, size = 1_500): number[] {
    const passed = shares.map(() => 0);
    const due = shares.map(() => 0);
    const steps = seconds * 1_000;
    for (let step = 0; step < steps; step++) {
      this.now += 0.001;
      if (step % 1_000 === 999) this.bucket.tick();
      // Starts with another sender each time, so that being first is no advantage.
      for (let i = 0; i < shares.length; i++) {
        const at = (i + step) % shares.length;
        due[at] = (due[at] ?? 0) + (wishes[at] ?? 0) / 1_000;
        while ((due[at] ?? 0) >= size) {
          due[at] = (due[at] ?? 0) - size;
          const share = shares[at] as Share;
          if (take(share, size)) passed[at] = (passed[at] ?? 0) + size;
        }
      }
    }
    return passed.map((bytes) => bytes / seconds);
  }
}

/** As a meter does. */
function take(share: Share, cost: number): boolean {
  if (share.tokens <= 0 && !share.ask()) return false;
  share.tokens -= cost;
  return true;
}

/** Max-min fairness: each gets its wish, or an equal part of what the smaller wishes leave. */
function fair(wishes: readonly number[], rate: number): number[] {
  const given = wishes.map(() => 0);
  let left = rate;
  let open = wishes.map((_, i) => i);
  while (open.length > 0) {
    const each = left / open.length;
    const content = open.filter((i) => (wishes[i] ?? 0) <= each);
    if (content.length === 0) {
      for (const i of open) given[i] = each;
      break;
    }
    for (const i of content) {
      given[i] = wishes[i] ?? 0;
      left -= given[i] ?? 0;
    }
    open = open.filter((i) => !content.includes(i));
  }
  return given;
}

describe("a shared bucket", () => {
  it("gives a single sender the whole burst at once, and then the rate", () => {
    const bench = new Bench();
    const share = bench.bucket.join(`${owners++}`);
    let burst = 0;
    while (take(share, 1_000)) burst += 1_000;
    expect(burst).toBe(BURST);
    const [rate = 0] = bench.run([share], [5 * RATE], 10);
    expect(rate).toBeGreaterThan(RATE * 0.99);
    expect(rate).toBeLessThan(RATE * 1.01);
  });

  it("divides the rate by max-min fairness, whatever each wishes for", () => {
    const wish = fc.oneof(fc.constant(0), fc.integer({ min: 10_000, max: 3_000_000 }));
    fc.assert(
      fc.property(fc.array(wish, { minLength: 1, maxLength: 8 }), (wishes) => {
        const bench = new Bench();
        const shares = wishes.map(() => bench.bucket.join(`${owners++}`));
        const seconds = 6;
        bench.run(shares, wishes, 2);
        const got = bench.run(shares, wishes, seconds);
        for (const [i, due] of fair(wishes, RATE).entries()) {
          // Plus tokens saved up before, and a frame here or there.
          expect(got[i]).toBeGreaterThan(due * 0.97 - 3_000);
          expect(got[i]).toBeLessThan(due * 1.03 + (BURST + 3_000) / seconds);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("never lets through more than the rate and one burst, whatever senders come and go", () => {
    const event = fc.record({
      who: fc.nat(5),
      what: fc.constantFrom("send", "send", "send", "leave", "wait"),
      size: fc.integer({ min: 60, max: 65_550 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 400 }), (events) => {
        const bench = new Bench(100_000, 25_000);
        const shares = Array.from({ length: 6 }, () => bench.bucket.join(`${owners++}`));
        const began = bench.now;
        let passed = 0;
        for (const { who, what, size } of events) {
          const share = shares[who] as Share;
          if (what === "wait") bench.now += 0.05;
          else if (what === "send" && take(share, size)) passed += size;
          else if (what === "leave") {
            bench.bucket.leave(share);
            shares[who] = bench.bucket.join(share.owner);
          }
          bench.now += 0.000_01;
        }
        const most = 25_000 + (bench.now - began) * 100_000;
        // Each may owe for the last frame that passed.
        expect(passed).toBeLessThanOrEqual(most + shares.length * 65_550);
      }),
    );
  });

  it("keeps a quiet sender from being displaced by senders at full rate", () => {
    const bench = new Bench(100_000, 65_536);
    const shares = Array.from({ length: 11 }, () => bench.bucket.join(`${owners++}`));
    const [quiet, ...loud] = shares as [Share, ...Share[]];
    bench.run(
      loud,
      loud.map(() => RATE),
      3,
    );
    // A ping now and then, each after silence long enough for its share to go to others.
    for (let i = 0; i < 20; i++) {
      bench.run(
        loud,
        loud.map(() => RATE),
        2,
      );
      expect(take(quiet, 98)).toBe(true);
    }
  });

  it("gives unused tokens to the others at once", () => {
    const bench = new Bench();
    const [one, other] = [bench.bucket.join("one"), bench.bucket.join("other")];
    bench.run([one, other], [RATE, RATE], 3);
    bench.run([one, other], [RATE * 2, 0], 2);
    const [alone = 0] = bench.run([one, other], [RATE * 2, 0], 4);
    expect(alone).toBeGreaterThan(RATE * 0.99);
  });

  it("lets a frame above the burst through, and makes it pay", () => {
    const bench = new Bench(10_000, 1_000);
    const share = bench.bucket.join(`${owners++}`);
    expect(take(share, 65_000)).toBe(true);
    bench.now += 6;
    bench.bucket.tick();
    expect(take(share, 60)).toBe(false);
    bench.now += 1;
    expect(take(share, 60)).toBe(true);
  });

  it("keeps the debt of a sender that leaves and returns", () => {
    const bench = new Bench(10_000, 10_000);
    let passed = 0;
    for (let i = 0; i < 1_000; i++) {
      bench.now += 0.01;
      const share = bench.bucket.join("restless");
      if (take(share, 10_000)) passed += 10_000;
      bench.bucket.leave(share);
    }
    expect(passed).toBeLessThanOrEqual(10_000 + 100_000 + 10_000);
  });

  it("lets nothing through at a rate of 0", () => {
    const bench = new Bench(0, 65_536);
    const share = bench.bucket.join(`${owners++}`);
    bench.now += 100;
    expect(take(share, 60)).toBe(false);
    bench.bucket.tick();
    expect(take(share, 60)).toBe(false);
    expect(share.refused).toBe(2);
  });

  it("is fair to many senders, too", () => {
    const bench = new Bench(RATE, BURST);
    const shares = Array.from({ length: 300 }, () => bench.bucket.join(`${owners++}`));
    const wishes = shares.map((_, i) => (i === 0 ? RATE * 3 : 20_000));
    bench.run(shares, wishes, 2, 300);
    const got = bench.run(shares, wishes, 4, 300);
    for (const rate of got) {
      expect(rate).toBeGreaterThan((RATE / 300) * 0.9);
      expect(rate).toBeLessThan((RATE / 300) * 1.15);
    }
  });
});
