// The whole way onto a network and off it: an invite, a device, an address, a segment.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import { changes, expectErrorLines } from "../../support/network/commands.ts";
import {
  type Host,
  hasLab,
  Lab,
  laneway,
  type RunningClient,
  startLaneway,
  startRelay,
  type TestRelay,
  text,
  up,
} from "../../support/network/lab.ts";

const DEADLINE_MS = 40_000;

describe.runIf(hasLab())("a device that joined by an invite", () => {
  let lab: Lab;
  let relay: TestRelay;
  let alice: Site;
  let bob: Site;

  beforeAll(async () => {
    lab = await Lab.create();
    [alice, bob] = [await lab.addSite("alice"), await lab.addSite("bob")];
    relay = await startRelay(lab);
    await relay.create("network", "create", "office", "--subnet", "10.20.0.0/24");
    const link = await invite("--network", "office", "--uses", "2");
    await Promise.all([enrol(alice, link), enrol(bob, link)]);
  });
  afterAll(() => lab.close());

  async function invite(...args: string[]): Promise<string> {
    return text(await relay.create("invite", "create", ...args), "link");
  }

  /** Opens an invite on a site's host; resolves to the device's ID. */
  async function enrol({ host, name }: Site, link: string, state = stateOf(name)): Promise<string> {
    const args = ["join", link, "--name", name, "--state", state, "--json"];
    const { code, stderr, objects } = await laneway(args, { host });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return text(objects[0] ?? {}, "device");
  }

  function stateOf(name: string): string {
    return join(lab.directory, `state-of-${name}`);
  }

  function bringUp({ host, name }: Site, ...args: string[]): Promise<RunningClient> {
    return up(host, [...args, "--state", stateOf(name)]);
  }

  async function device(name: string): Promise<object | undefined> {
    const { objects } = await relay.admin("device", "list");
    return objects.find((one) => one["name"] === name);
  }

  it("gets its own permanent address of the network, and reaches others", async () => {
    const [a, b] = await Promise.all([bringUp(alice), bringUp(bob, "office")]);
    await using _a = a.process;
    await using _b = b.process;
    expect([a.network, b.network]).toEqual(["office", "office"]);
    const addresses = [a, b].map(({ address = "" }) => address);
    for (const address of addresses) expect(address).toMatch(/^10\.20\.0\.\d+\/24$/);
    expect(new Set([...addresses, "10.20.0.0/24", "10.20.0.1/24", "10.20.0.255/24"]).size).toBe(5);
    expect(await assigned(alice.host, a.tap)).toContain(a.address);
    await answers(alice.host, ip(b));
    await answers(bob.host, ip(a));
    expect(await device("alice")).toMatchObject({ online: true, networks: ["office"] });

    expect(await a.process.stop()).toBe(0);
    await expect.poll(() => device("alice"), { timeout: DEADLINE_MS }).toMatchObject({ online: false });
    const again = await bringUp(alice);
    await using _again = again.process;
    expect(again.address).toBe(a.address);
    expect(again.mac).toBe(a.mac);
    await answers(bob.host, ip(again));
  });

  it("gets the requested address, or none", async () => {
    const fixed = await bringUp(alice, "office", "--address", "10.20.0.200/24");
    await using _fixed = fixed.process;
    const none = await bringUp(bob, "office", "--address", "none");
    await using _none = none.process;
    expect(fixed.address).toBe("10.20.0.200/24");
    expect(await assigned(alice.host, fixed.tap)).toEqual(["10.20.0.200/24"]);
    expect(none.address).toBeUndefined();
    expect(await assigned(bob.host, none.tap)).toEqual([]);
  });

  it("reconnects with its address after the relay was away", async () => {
    const client = await bringUp(alice);
    await using _client = client.process;
    await relay.restart("SIGKILL");
    await client.process.event("reconnecting");
    const { length } = client.process.lines;
    const { address } = client;
    expect(await client.process.event("up", { from: length - 1, timeout: DEADLINE_MS })).toMatchObject({
      address,
    });
  });

  it("takes the relay's new address after it reconnects", async () => {
    const moved = { ...bob, name: "bob-moved" };
    const id = await enrol(moved, await invite("--network", "office"));
    const client = await bringUp(moved);
    await using _client = client.process;
    await fix("10.20.0.77", id);
    await relay.restart();
    const again = await client.process.waitFor(
      ({ event, address }) => event === "up" && address !== client.address,
      {
        timeout: DEADLINE_MS,
      },
    );
    expect(again).toMatchObject({ address: "10.20.0.77/24", mac: client.mac });
    expect(await assigned(bob.host, text(again, "tap"))).toEqual(["10.20.0.77/24"]);
    expect(changes(client.process)).toEqual(["up", "reconnecting", "down", "up"]);
  });

  /** Fixes a device's address, by the API. */
  async function fix(address: string, device: string): Promise<void> {
    const script = `
      const token = require("node:fs").readFileSync(process.argv[2], "utf8").trim();
      const headers = { authorization: "Bearer " + token, "content-type": "application/json" };
      fetch(process.argv[1], { method: "POST", headers, body: process.argv[3] }).then(({ status }) => console.log(status));
    `;
    const url = `${relay.url}/v1/tenants/default/networks/office/addresses`;
    const args = ["-e", script, url, relay.adminTokenFile, JSON.stringify({ address, device })];
    expect((await lab.wan.mustExec(process.execPath, args)).trim()).toBe("201");
  }

  it("is on all its networks at once, also those of other tenants with the same name", async () => {
    await relay.create("tenant", "create", "guests");
    await relay.create("network", "create", "office", "--tenant", "guests", "--subnet", "10.21.0.0/24");
    const twice = { ...bob, name: "bob-twice" };
    await enrol(twice, await invite("--network", "office"));
    await enrol(twice, await invite("--network", "office", "--tenant", "guests"));

    const ambiguous = await laneway(["up", "office", "--state", stateOf(twice.name)], { host: bob.host });
    expect(ambiguous.code).toBe(2);
    expectErrorLines(ambiguous.stderr, "tenant guests");
    expect(ambiguous.stderr).toMatch(/--relay.*--tenant/);

    await using both = startLaneway(["up", "--state", stateOf(twice.name)], { host: bob.host });
    const own = await both.waitFor(({ event, tenant }) => event === "up" && tenant === "default");
    const guest = await both.waitFor(({ event, tenant }) => event === "up" && tenant === "guests");
    expect(own).toMatchObject({ network: "office", address: expect.stringMatching(/^10\.20\.0\./) });
    expect(guest).toMatchObject({ network: "office", address: expect.stringMatching(/^10\.21\.0\./) });
    expect(guest["tap"]).not.toBe(own["tap"]);

    const named = await bringUp(alice);
    await using _named = named.process;
    await answers(alice.host, text(own, "address").replace(/\/.*/, ""));

    // A failed start leaves the other running.
    const { objects } = await relay.admin("device", "list", "--tenant", "guests");
    const [{ id } = { id: "" }] = objects as { id?: string }[];
    expect((await relay.admin("device", "revoke", String(id), "--tenant", "guests")).code).toBe(0);
    await both.waitFor(({ event, tenant }) => event === "down" && tenant === "guests");
    await expect.poll(() => both.stderr).toMatch(/\(4003/);
    await answers(alice.host, text(own, "address").replace(/\/.*/, ""));
    expect(await both.stop()).toBe(1);
  });

  it("is out when it is revoked, also while a transfer runs", async () => {
    const lost = { ...bob, name: "bob-lost" };
    const id = await enrol(lost, await invite("--network", "office"));
    const [a, b] = await Promise.all([bringUp(alice), bringUp(lost)]);
    await using _a = a.process;
    await using client = b.process;
    await answers(alice.host, ip(b));
    const flood = alice.host.spawn("ping", ["-n", "-i", "0.002", "-s", "1400", ip(b)], { stdio: "ignore" });
    try {
      expect((await relay.admin("device", "revoke", id)).code).toBe(0);
      expect(await client.ended).toBe(1);
    } finally {
      flood.kill();
    }
    expectErrorLines(client.stderr, "4003");
    expect(client.stderr).toMatch(/laneway join LINK/);
    expect(changes(client)).toEqual(["up", "down"]);
    expect(await interfaces(bob.host)).not.toContain(b.tap);
    expect(await device("bob-lost")).toBeUndefined();
    expect(changes(a.process)).toEqual(["up"]);

    const again = await laneway(["up", "--state", stateOf(lost.name)], { host: bob.host });
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expectErrorLines(again.stderr, "4001");
  });

  it("gives way to the same device that is brought up elsewhere", async () => {
    const first = await bringUp(bob);
    await using client = first.process;
    const second = await up(alice.host, ["office", "--state", stateOf("bob")]);
    await using _second = second.process;
    expect(await client.ended).toBe(1);
    expectErrorLines(client.stderr, "4009");
    expect(second.address).toBe(first.address);
  });
});

function ip({ address = "" }: RunningClient): string {
  return address.replace(/\/.*/, "");
}

/** Waits until an address answers. */
async function answers(from: Host, address: string): Promise<void> {
  const ping = async () => (await from.exec("ping", ["-n", "-c", "1", "-W", "1", address])).code;
  await expect.poll(ping, { timeout: DEADLINE_MS, interval: 50 }).toBe(0);
}

/** The IPv4 addresses of an interface, with their prefix lengths. */
async function assigned(host: Host, tap: string): Promise<string[]> {
  const said = await host.mustExec("ip", ["-4", "-oneline", "address", "show", "dev", tap]);
  return [...said.matchAll(/ inet (\S+)/g)].map((match) => match[1] ?? "");
}

async function interfaces(host: Host): Promise<string> {
  return await host.mustExec("ip", ["-oneline", "link", "show"]);
}
