import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Part, SESSIONS, TwoHouses } from "./house.ts";
import { LEAST_BYTES } from "./marked-frames.ts";

const seat = fc.nat(2 * SESSIONS - 1);
const network = fc.nat(1);

const part: fc.Arbitrary<Part> = fc.record({
  network,
  foreign: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
  to: fc.oneof(fc.nat(SESSIONS - 1), fc.constantFrom("all" as const, "group" as const)),
  size: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: LEAST_BYTES, max: 1_514 }) },
    { weight: 1, arbitrary: fc.integer({ min: LEAST_BYTES, max: 60_000 }) },
  ),
  offload: fc.boolean(),
});

/** One thing that a session does, or that befalls it. */
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      seat,
      parts: fc.array(part, { minLength: 1, maxLength: 4 }),
      // Bytes behind the last record that are none.
      tail: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 3),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("take" as const), seat, count: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("packets" as const), count: fc.nat(9) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), seconds: fc.constantFrom(0, 0, 0, 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("join" as const), seat, network, isJoin: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("register" as const), seat, network, count: fc.nat(12) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("ping" as const), seat, count: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("cut" as const, "connect" as const), seat }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("close-within" as const), seat }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("capture" as const), seat, network }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

async function take(house: TwoHouses, step: Step): Promise<void> {
  switch (step.kind) {
    case "send":
      return house.send(step.seat, step.parts, step.tail);
    case "take":
      return house.take(step.seat, step.count);
    case "packets":
      return house.takePackets(step.count);
    case "pass":
      return house.pass(step.seconds);
    case "join":
      return house.join(step.seat, step.network, step.isJoin);
    case "register":
      return house.register(step.seat, step.network, step.count);
    case "ping":
      for (let i = 0; i < step.count; i++) house.say(step.seat, { type: "ping", id: i });
      return;
    case "cut":
      return house.cut(step.seat);
    case "connect":
      return house.connect(step.seat);
    case "close-within":
      return house.closeWithin(step.seat);
    case "capture":
      return house.capture(step.seat, step.network);
  }
}

describe("the memory of two tenants' frames", () => {
  it("shows none of them a byte that was not sent to it, whatever sessions do, and comes back when they are gone", async () => {
    let received = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: 200, size: "max" }),
        // Little, so that sessions are closed for what they don't read, and queues overflow.
        fc.constantFrom(2_000, 1_048_576),
        fc.constantFrom(20_000, 200_000),
        async (steps, unreadBytes, queueBytes) => {
          const house = await TwoHouses.open(unreadBytes, queueBytes);
          for (const step of steps) await take(house, step);
          await house.close();
          expect(house.faults).toEqual([]);
          expect(house.pool.out).toBe(0);
          received += house.seats.reduce((sum, { received }) => sum + received, 0);
        },
      ),
      { numRuns: 300 },
    );
    // Or nothing was shown at all.
    expect(received).toBeGreaterThan(1_000);
  });
});
