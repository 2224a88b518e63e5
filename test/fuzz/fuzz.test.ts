// The short version of `npm run fuzz`, with the same packets each time.
import { describe, expect, it } from "vitest";
import { campaign } from "./campaign.ts";
import type { Subject, Target } from "./subject.ts";
import { TARGETS } from "./targets.ts";

const SHORT = { packets: 100_000, seed: 7348 };

describe("hostile packets", () => {
  it.each(TARGETS)(
    "are all counted and freed, throw nothing, and leave the target working: $name",
    async (target) => {
      expect(await campaign(target, SHORT)).toMatchObject({ packets: SHORT.packets });
    },
  );
});

describe("a campaign", () => {
  const quiet: Subject = {
    receive() {},
    accounted: () => 0,
    second() {},
    isAlive: () => true,
    async [Symbol.asyncDispose]() {},
  };
  const against = (subject: Partial<Subject>): Target => ({
    name: "test",
    corpus: [new Uint8Array(60)],
    open: async () => ({ ...quiet, ...subject }),
  });

  it("reports a packet that made the target throw", async () => {
    const receive = (_bytes: Uint8Array, end: number) => {
      if (end < 3) throw new RangeError("too short");
    };
    await expect(campaign(against({ receive }), SHORT)).rejects.toThrow(
      /^packet \d+ made it throw: RangeError: too short\n[0-9a-f]{0,4}$/,
    );
  });

  it("reports packets that were not counted", async () => {
    await expect(campaign(against({}), SHORT)).rejects.toThrow(/^by packet 2000 2000 were lost uncounted$/);
  });

  it("reports a target that is stuck, and one that keeps memory", async () => {
    let count = 0;
    const kept: Uint8Array[] = [];
    const receive = () => {
      count++;
      kept.push(new Uint8Array(1_024));
    };
    const counting = { receive, accounted: () => count };
    await expect(campaign(against({ ...counting, isAlive: () => false }), SHORT)).rejects.toThrow(
      /pass no more/,
    );
    kept.length = 0;
    await expect(campaign(against(counting), SHORT)).rejects.toThrow(/bytes more are in use/);
  });
});
