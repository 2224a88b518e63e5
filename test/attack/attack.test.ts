// The short version of 'npm run attack': everything at once, judged by what holds on any machine, however busy.
import { expect, it } from "vitest";
import { requires } from "../requirements.ts";
import { campaign } from "./campaign.ts";
import { attackOptions } from "./options.ts";
import { findings, report } from "./report.ts";

const SECONDS = 10;

/** What a run found of those things that do not depend on time. */
async function attack(...args: string[]) {
  const options = attackOptions(["--seconds", String(SECONDS), "--seed", "13", ...args]);
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

it.runIf(requires("openssl"))(
  "leaves two bystander tenants all their frames, none of others', and a relay that lives, while a third does its worst",
  async () => {
    const { story, broken, deeds } = await attack("--transport", "plain", "--framing", "own");
    expect(broken, story).toEqual([]);
    // Each kind of attack did something, so the silence above says something.
    for (const count of deeds) expect(count).toBeGreaterThan(3);
  },
  SECONDS * 20_000,
);

it.runIf(requires("openssl"))(
  "does so over TLS, with the framing of ws, too",
  async () => {
    const { story, broken } = await attack("--transport", "tls", "--framing", "ws");
    expect(broken, story).toEqual([]);
  },
  SECONDS * 20_000,
);
