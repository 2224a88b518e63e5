// A machine that floods the network, and its effect on the others.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parsePing } from "../../../../desktop/demo/measure.ts";
import { BROADCAST, bareFrame } from "../../../support/network/hub-frames.ts";
import {
  flood,
  HubLab,
  type Member,
  ping,
  sendFrames,
  WAIT,
  Watch,
} from "../../../support/network/hub-lab.ts";
import { hasLab } from "../../../support/network/lab.ts";

const FLOOD_SECONDS = 2;
const LIMIT = 500;
/** A bucket's initial content: a tenth of a second's worth. */
const BURST = LIMIT / 10;
const GROUP = "03:00:00:00:00:01";
const UNKNOWN = "02:00:00:00:00:99";
const EXPERIMENTAL = { storm: "ether type 0x88b5" };

let lab: HubLab;
let alice: Member;
let bob: Member;
let carol: Member;

/** Returns the line of standard error with the notice, or undefined. */
function notice({ process }: Member, code: string): string | undefined {
  return process.stderr.split("\n").find((line) => line.startsWith(`laneway: ${code}: `));
}

describe.runIf(hasLab())("a network", () => {
  beforeAll(async () => {
    lab = await HubLab.create();
    alice = await lab.join("alice", { address: "10.20.0.1" });
    bob = await lab.join("bob", { address: "10.20.0.2" });
    carol = await lab.join("carol", { address: "10.20.0.3" });
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  describe("from one port at full speed", () => {
    beforeAll(async () => {
      const kinds = ["broadcast", "multicast", "unknown"];
      // The hub's own probes, of the same EtherType, must not be counted either.
      await lab.set("lan", "loop-detection=off", ...kinds.map((kind) => `storm-${kind}=${LIMIT}`));
    });

    it.each([
      ["broadcasts", BROADCAST, "storm-broadcast"],
      ["multicasts", GROUP, "storm-multicast"],
      ["unknown unicasts", UNKNOWN, "storm-unknown"],
    ])("has the others bear no more %s than its limit, and counts the rest", async (_what, to, reason) => {
      const watches = await Promise.all([alice, bob].map((member) => Watch.start(member, EXPERIMENTAL)));
      const began = performance.now();
      const sent = await flood(carol, bareFrame(to, carol.mac), FLOOD_SECONDS);
      await vi.waitUntil(async () => (await lab.drops(carol, reason)) > LIMIT, WAIT);
      // Sent last, so all frames before it have passed.
      expect(await ping(carol, alice.ip)).toBe(3);
      const seconds = (performance.now() - began) / 1_000;
      const most = Math.min(sent, LIMIT * seconds + BURST);
      for (const watch of watches) {
        const seen = await watch.count("storm");
        expect(seen).toBeGreaterThan(BURST);
        expect(seen).toBeLessThanOrEqual(most);
      }
      expect(await ping(alice, bob.ip)).toBe(3);
    });

    it("warns only the member that caused the storm", async () => {
      await vi.waitUntil(() => notice(carol, "storm"), WAIT);
      expect(notice(carol, "storm")).toContain(`over its limit of ${LIMIT}/s`);
      expect([notice(alice, "storm"), notice(bob, "storm")]).toEqual([undefined, undefined]);
    });
  });

  it("cuts one of two bridged ports, reports why, and continues for the others", async () => {
    await lab.set("lan", "loop-detection=on", "storm-broadcast=10000");
    const first = await lab.join("dora", { args: ["--mac", "02:00:00:00:0d:01"] });
    const second = await lab.join("dora", { args: ["--mac", "02:00:00:00:0d:02"] });
    const pings = alice.host.exec("ping", ["-n", "-i", "0.1", "-c", "60", "-W", "10", bob.ip], {
      env: { LC_ALL: "C" },
    });
    const bridge = ["link add loop type bridge", "link set loop up"];
    const ports = [first, second].map(({ tap }) => `link set ${tap} master loop`);
    await first.host.mustExec("ip", ["-batch", "-"], { input: `${[...bridge, ...ports].join("\n")}\n` });

    const states = async () => [(await lab.counters(first)).state, (await lab.counters(second)).state];
    await expect.poll(states, WAIT).toEqual(["open", "cut"]);
    for (const member of [first, second]) {
      await vi.waitUntil(() => notice(member, "loop"), WAIT);
      expect(notice(member, "loop")).toMatch(/are bridged.*is cut off/);
      expect(notice(member, "loop")).toContain(second.port);
    }
    expect(notice(alice, "loop")).toBeUndefined();
    const during = parsePing((await pings).stdout);
    expect(during.sent).toBe(60);
    expect(during.received).toBeGreaterThan(45);
    // No frame circulates any more: a broadcast of alice reaches bob once, and not alice.
    const watches = await Promise.all([alice, bob].map((member) => Watch.start(member, { said: MINE })));
    await sendFrames(alice, [bareFrame(BROADCAST, alice.mac)], 10);
    await watches[1]?.reach("said", 10);
    expect(await ping(alice, bob.ip, "-c", "10")).toBe(10);
    expect(await Promise.all(watches.map((watch) => watch.count("said")))).toEqual([0, 10]);
    expect(await lab.drops(second, "loop")).toBeGreaterThan(0);
  });
});

/** The test's broadcasts, without the hub's probes. */
const MINE = "ether type 0x88b5 ether daddr ff:ff:ff:ff:ff:ff";
