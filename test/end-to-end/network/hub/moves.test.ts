// Machines that appear behind another port.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { neighbour } from "../../../../desktop/demo/measure.ts";
import { BROADCAST, bareFrame } from "../../../support/network/hub-frames.ts";
import { HubLab, type Member, ping, sendFrames, WAIT, Watch } from "../../../support/network/hub-lab.ts";
import { hasLab } from "../../../support/network/lab.ts";

const ADDRESS = "10.20.0.9";
const LAPTOP = "02:00:00:00:00:09";
/** A machine behind a member's TAP, unknown to the member's VTEP. */
const GUEST = "02:00:00:00:00:77";
const { signal } = new AbortController();

let lab: HubLab;
let alice: Member;

function joinAsLaptop(name: string): Promise<Member> {
  return lab.join(name, { address: ADDRESS, args: ["--mac", LAPTOP] });
}

describe.runIf(hasLab())("a machine that moves", () => {
  beforeAll(async () => {
    lab = await HubLab.create();
    alice = await lab.join("alice", { address: "10.20.0.1" });
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it("is found within seconds after it returns, before the relay notices its lost connection", async () => {
    const before = await joinAsLaptop("home");
    expect(await ping(alice, ADDRESS)).toBe(3);
    // Like a laptop that is carried away: its connection is neither closed nor answered.
    before.process.child.kill("SIGSTOP");
    try {
      const after = await joinAsLaptop("office");
      expect(after.port).not.toBe(before.port);
      // The hub probes its old port, which takes at most two seconds.
      await expect.poll(() => ping(alice, ADDRESS), WAIT).toBe(3);
      expect(await neighbour(alice.host, alice.tap, ADDRESS, { signal })).toBe(LAPTOP);
      expect(await ping(after, alice.ip)).toBe(3);
      await after.process.stop();
    } finally {
      before.process.child.kill("SIGCONT");
      await before.process.stop();
    }
  });

  it("is found at once after its first frame if it is not registered", async () => {
    const [here, there] = await Promise.all([lab.join("here"), lab.join("there")]);
    const told = await Watch.start(alice, { guest: `ether saddr ${GUEST}` });
    for (const [turn, at, elsewhere] of [
      [1, here, there],
      [2, there, here],
      [3, here, there],
    ] as const) {
      const [found, missed] = await Promise.all(
        [at, elsewhere].map((member) => Watch.start(member, { asked: `ether daddr ${GUEST}` })),
      );
      await sendFrames(at, [bareFrame(BROADCAST, GUEST)]);
      await told.reach("guest", turn);
      await sendFrames(alice, [bareFrame(GUEST, alice.mac)], 5);
      await found?.reach("asked", 5);
      expect(await missed?.count("asked")).toBe(0);
    }
    const [row] = (await lab.show("fdb")).filter(({ mac }) => mac === GUEST);
    expect(row).toMatchObject({ port: here.port, kind: "learned" });
  });

  it("is warned, and stays, if two machines alternate with its address", async () => {
    const [one, other] = await Promise.all([lab.join("one"), lab.join("other")]);
    const mac = "02:00:00:00:00:78";
    const told = await Watch.start(alice, { said: `ether saddr ${mac}` });
    for (let turn = 1; turn <= 5; turn++) {
      await sendFrames(turn % 2 === 1 ? one : other, [bareFrame(BROADCAST, mac)]);
      await told.reach("said", turn);
    }
    // The fifth move is refused.
    await sendFrames(other, [bareFrame(BROADCAST, mac)]);
    await expect.poll(() => lab.drops(other, "duplicate-mac"), WAIT).toBe(1);
    for (const { process } of [one, other]) {
      await expect
        .poll(() => process.stderr, WAIT)
        .toMatch(/^laneway: duplicate-mac: 02:00:00:00:00:78 moved 5 times/m);
    }
    const [row] = (await lab.show("fdb")).filter((entry) => entry["mac"] === mac);
    expect(row).toMatchObject({ port: one.port });
  });
});
