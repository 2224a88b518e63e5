// The short version of `npm run attack`: all attacks at once. Judges only what holds on any machine, however busy.
import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { repeats } from "../support/repeats.ts";
import { requires } from "../support/requirements.ts";
import { campaign } from "./campaign.ts";
import { attackOptions } from "./options.ts";
import { HEAD_BYTES, MARK_BYTES, MarkFinder, markOf, writeFrame } from "./payload.ts";
import { findings, report } from "./report.ts";

const SECONDS = repeats(6, 10);

/** The findings of a run that do not depend on time. */
async function attack(...args: string[]) {
  // Does not judge memory, so the run need not wait until the relay has released it.
  const fixed = ["--seconds", String(SECONDS), "--seed", "13", "--gentle", "--bound-after", "100000"];
  const options = attackOptions([...fixed, ...args]);
  if (options === undefined) throw new Error("no help was asked for");
  const results = await campaign(options, AbortSignal.timeout(SECONDS * 20_000), () => {});
  const found = findings(results, options.bounds);
  const deeds = results.phases.flatMap(({ attackers }) =>
    attackers.map(({ counts }) => Object.keys(counts).length),
  );
  return {
    story: report(results, found),
    broken: found.filter(({ about }) => about === "isolation" || about === "life"),
    deeds,
  };
}

it("finds a bystander's bytes at any offset of a read", () => {
  const mark = markOf("xenia", 1);
  const frame = Buffer.alloc(200);
  writeFrame(frame, { destination: 1, source: 2, flow: 0, sequence: 7 }, mark);
  const noise = Buffer.alloc(1_000, 0xaa);
  for (let cut = HEAD_BYTES; cut < frame.length - MARK_BYTES; cut++) {
    const finder = new MarkFinder([markOf("yvonne", 1), mark]);
    const piece = Buffer.concat([noise, frame.subarray(HEAD_BYTES)]);
    const found = [
      piece.subarray(0, noise.length + cut - HEAD_BYTES),
      piece.subarray(noise.length + cut - HEAD_BYTES),
    ];
    expect(found.filter((part) => finder.find(part) !== undefined).length).toBeGreaterThan(0);
  }
  expect(new MarkFinder([mark]).find(noise)).toBeUndefined();
});

it.runIf(requires("openssl"))(
  "delivers all frames of two bystander tenants and no foreign ones, and keeps the relay alive, while a third attacks",
  async () => {
    const { story, broken, deeds } = await attack("--transport", "plain", "--framing", "own");
    expect(broken, story).toEqual([]);
    // Each kind of attack was active; otherwise no finding would mean nothing.
    for (const count of deeds) expect(count).toBeGreaterThan(0);
  },
  SECONDS * 20_000,
);

it.runIf(requires("openssl"))(
  "does the same over TLS with the framing of ws",
  async () => {
    const { story, broken } = await attack("--transport", "tls", "--framing", "ws");
    expect(broken, story).toEqual([]);
  },
  SECONDS * 20_000,
);
