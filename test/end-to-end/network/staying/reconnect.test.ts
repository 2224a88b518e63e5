// Clients of a relay that goes away, returns, or revokes their access.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Site } from "../../../../desktop/demo/lab/lab.ts";
import { changes, expectErrorLines } from "../../../support/network/commands.ts";
import {
  type Host,
  hasLab,
  type JsonProcess,
  Lab,
  laneway,
  type RunningClient,
  startLaneway,
  startRelay,
  type TestRelay,
  text,
  up,
} from "../../../support/network/lab.ts";

const ALICE = "10.20.0.1";
const BOB = "10.20.0.2";
/** Far more than needed: the test checks that it returns, not how fast. */
const DEADLINE_MS = 40_000;

describe.runIf(hasLab())("clients of a relay that disappears", () => {
  let lab: Lab;
  let alice: Site;
  let bob: Site;

  beforeAll(async () => {
    lab = await Lab.create();
    alice = await lab.addSite("alice");
    bob = await lab.addSite("bob");
  });
  afterAll(() => lab.close());

  function access(relay: TestRelay, token: string, { name }: Site, address: string): string[] {
    const state = join(lab.directory, `state-of-${name}`);
    return ["lan", "--relay", relay.url, "--token", token, "--state", state, "--address", `${address}/24`];
  }

  async function bothUp(relay: TestRelay): Promise<[RunningClient, RunningClient]> {
    const token = await relay.token();
    return await Promise.all([
      up(alice.host, access(relay, token, alice, ALICE)),
      up(bob.host, access(relay, token, bob, BOB)),
    ]);
  }

  it.each([
    ["killed", "SIGKILL", null],
    ["told to end", "SIGTERM", 0],
  ] as const)(
    "are back by themselves when it was %s and started again, with the interfaces they had",
    async (_what, end, exitCode) => {
      await using relay = await startRelay(lab);
      const clients = await bothUp(relay);
      await using _alice = clients[0].process;
      await using _bob = clients[1].process;
      const hosts = [alice.host, bob.host];
      const before = await Promise.all(clients.map(({ tap }, i) => interfaceIndex(hosts[i], tap)));
      await answers(alice.host, BOB);

      expect(await relay.stop(end)).toBe(exitCode);
      await Promise.all(clients.map(({ process }) => process.event("reconnecting")));
      expect(await ping(alice.host, BOB)).toBe(false);
      await relay.start("");

      await answers(alice.host, BOB);
      await answers(bob.host, ALICE);
      expect(await Promise.all(clients.map(({ tap }, i) => interfaceIndex(hosts[i], tap)))).toEqual(before);
      for (const { process, ...up } of clients) {
        const known = { network: "lan", vni: up.vni, tap: up.tap, mac: up.mac, address: up.address };
        for (const line of process.lines) expect(line).toMatchObject(known);
        expect(await process.stop()).toBe(0);
        expect(changes(process)).toEqual(["up", "reconnecting", "up", "down"]);
      }
    },
  );

  it("wait for a relay that is not running yet", async () => {
    await using relay = await startRelay(lab);
    const token = await relay.token();
    await relay.stop();
    await using client = startLaneway(["up", ...access(relay, token, alice, ALICE)], { host: alice.host });
    await said(client, /can't reach http:\/\/203\.0\.113\.1:8787/);
    expect(client.lines).toEqual([]);
    await relay.start("");
    expect(await client.event("up", { timeout: DEADLINE_MS })).toMatchObject({ address: `${ALICE}/24` });
  });

  it("end at once on a signal while the relay is away", async () => {
    await using relay = await startRelay(lab);
    const { process, tap } = await up(alice.host, access(relay, await relay.token(), alice, ALICE));
    await using _process = process;
    await relay.stop("SIGKILL");
    await process.event("reconnecting");
    expect(await process.stop()).toBe(0);
    expect(changes(process)).toEqual(["up", "reconnecting", "down"]);
    expect(await interfaceIndex(alice.host, tap)).toBeUndefined();
  });

  it("end with an error when their token is revoked, and others stay", async () => {
    await using relay = await startRelay(lab);
    const created = await relay.create("token", "create", "--network", "lan");
    const revoked = access(relay, text(created, "token"), alice, ALICE);
    await using client = (await up(alice.host, revoked)).process;
    await using other = (await up(bob.host, access(relay, await relay.token(), bob, BOB))).process;
    const tap = text(await client.event("up"), "tap");
    await answers(bob.host, ALICE);

    expect((await relay.admin("token", "revoke", text(created, "id"))).code).toBe(0);
    expect(await client.ended).toBe(1);
    expectErrorLines(client.stderr, "4003");
    expect(changes(client)).toEqual(["up", "down"]);
    expect(await interfaceIndex(alice.host, tap)).toBeUndefined();
    expect(changes(other)).toEqual(["up"]);

    const again = await laneway(["up", ...revoked, "--json"], { host: alice.host });
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expectErrorLines(again.stderr, "4001");
    expect(await other.stop()).toBe(0);
  });

  it.each([
    ["network", ["network", "delete", "lan", "--tenant", "guests"]],
    ["tenant", ["tenant", "delete", "guests"]],
  ])("end with an error when their %s is deleted", async (_what, deletion) => {
    await using relay = await startRelay(lab);
    await relay.create("tenant", "create", "guests");
    await relay.create("network", "create", "lan", "--tenant", "guests");
    const token = await relay.token("lan", "guests");
    await using client = (await up(alice.host, access(relay, token, alice, ALICE))).process;
    expect((await relay.admin(...deletion)).code).toBe(0);
    expect(await client.ended).toBe(1);
    expectErrorLines(client.stderr, "4003");
    expect(changes(client)).toEqual(["up", "down"]);
  });
});

async function ping(from: Host, address: string): Promise<boolean> {
  return (await from.exec("ping", ["-n", "-c", "1", "-W", "1", address])).code === 0;
}

/** Waits until an address answers. */
async function answers(from: Host, address: string): Promise<void> {
  await expect.poll(() => ping(from, address), { timeout: DEADLINE_MS, interval: 50 }).toBe(true);
}

async function said(process: JsonProcess, what: RegExp): Promise<void> {
  await expect.poll(() => process.stderr, { timeout: DEADLINE_MS }).toMatch(what);
}

/** Returns the kernel's index of an interface: a recreated one has another. */
async function interfaceIndex(host: Host | undefined, name: string): Promise<number | undefined> {
  const result = await host?.exec("cat", [`/sys/class/net/${name}/ifindex`]);
  return result?.code === 0 ? Number(result.stdout) : undefined;
}
