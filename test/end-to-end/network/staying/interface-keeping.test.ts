// Changes to a network's interface by other programs and people.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Site } from "../../../../desktop/demo/lab/lab.ts";
import { AgentProcess } from "../../../support/network/agent-process.ts";
import {
  type Host,
  hasLab,
  Lab,
  type RunningClient,
  startRelay,
  type TestRelay,
  text,
  up,
} from "../../../support/network/lab.ts";
import { repeats } from "../../../support/repeats.ts";

/** Far more than needed. */
const WAIT = { timeout: 40_000, interval: 100 };
const ALICE = "10.77.0.1/24";
const ALICE6 = "fd77::1/64";

/** A change by another program: arguments of `ip` for the interface's name. */
type Change = (tap: string, host: Host) => Promise<unknown>;

const ip =
  (...args: string[]): Change =>
  (tap, host) =>
    host.exec(
      "ip",
      args.map((arg) => (arg === "TAP" ? tap : arg)),
    );

const CHANGES: Readonly<Record<string, Change>> = {
  down: ip("link", "set", "TAP", "down"),
  mtu: ip("link", "set", "TAP", "mtu", "1300"),
  "an MTU without IPv6": ip("link", "set", "TAP", "mtu", "1000"),
  queue: ip("link", "set", "TAP", "txqueuelen", "7"),
  flush: ip("address", "flush", "dev", "TAP"),
  "flush of IPv6": ip("-6", "address", "flush", "dev", "TAP"),
  "loss of the address": ip("address", "del", ALICE, "dev", "TAP"),
  "another address": ip("address", "add", "10.88.0.1/24", "dev", "TAP"),
  "an end of the address": ip(
    "address",
    "change",
    ALICE,
    "dev",
    "TAP",
    "valid_lft",
    "30",
    "preferred_lft",
    "20",
  ),
  "loss of the route": ip("route", "del", "10.77.0.0/24", "dev", "TAP"),
  "loss of the address's own route": ip("route", "del", "local", "10.77.0.1", "dev", "TAP", "table", "local"),
  "no ARP": ip("link", "set", "TAP", "arp", "off"),
  "no multicast": ip("link", "set", "TAP", "multicast", "off"),
  "no carrier": ip("link", "set", "TAP", "carrier", "off"),
  name: async (tap, host) => {
    const { code } = await host.exec("ip", ["link", "set", tap, "name", `${tap}x`]);
    if (code === 0) return;
    await host.exec("ip", ["link", "set", tap, "down"]);
    await host.exec("ip", ["link", "set", tap, "name", `${tap}x`]);
  },
  deletion: ip("link", "del", "TAP"),
  MAC: (tap, host) =>
    host.exec("ip", ["link", "set", tap, "address", `02:11:22:33:44:${(40 + macs++).toString(16)}`]),
};

let macs = 0;

interface Link {
  readonly ifname: string;
  readonly mtu: number;
  readonly txqlen: number;
  readonly address: string;
  readonly flags: string[];
  readonly addr_info: {
    readonly local: string;
    readonly prefixlen: number;
    readonly valid_life_time: number;
  }[];
}

describe.runIf(hasLab())("an interface that others change", { timeout: 300_000 }, () => {
  let lab: Lab;
  let relay: TestRelay;
  let alice: Site;
  let bob: Site;
  let other: RunningClient;
  let token: string;

  beforeAll(async () => {
    lab = await Lab.create();
    [alice, bob] = [await lab.addSite("alice"), await lab.addSite("bob")];
    relay = await startRelay(lab);
    token = await relay.token();
    other = await up(bob.host, args("bob", "10.77.0.2/24"));
  });
  afterAll(async () => {
    await other?.process.stop();
    await relay?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  function args(name: string, address: string, ...more: string[]): string[] {
    const state = join(lab.directory, `state-${name}`);
    return ["lan", "--relay", relay.url, "--token", token, "--state", state, "--address", address, ...more];
  }

  async function link(host: Host, tap: string): Promise<Link | undefined> {
    const { code, stdout } = await host.exec("ip", ["-json", "address", "show", "dev", tap]);
    return code === 0 ? (JSON.parse(stdout) as Link[])[0] : undefined;
  }

  /** Returns the settings of an interface that the client keeps; the MAC address is followed. */
  async function shape(host: Host, tap: string, addresses: readonly string[]) {
    const found = await link(host, tap);
    const routes = await host.exec("ip", ["route", "show", "table", "all", "dev", tap]);
    const kept = ["UP", "LOWER_UP", "NOARP", "MULTICAST"];
    return {
      mtu: found?.mtu,
      queue: found?.txqlen,
      flags: found?.flags.filter((flag) => kept.includes(flag)).sort(),
      addresses: addresses.filter((cidr) =>
        found?.addr_info.some((one) => `${one.local}/${one.prefixlen}` === cidr && one.valid_life_time > 1e9),
      ),
      linkLocal: found?.addr_info.some(({ local }) => local.startsWith("fe80:")),
      routes: routes.stdout
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => /^(10\.77\.0\.0\/24|local 10\.77\.0\.1) /.test(line)).length,
    };
  }

  async function pings(from: Host, address: string): Promise<boolean> {
    return (await from.exec("ping", ["-n", "-c", "1", "-W", "1", address])).code === 0;
  }

  /** Returns the clock ticks that a process has used. */
  async function ticks(pid: number): Promise<number> {
    const stat = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
    return Number(stat[11]) + Number(stat[12]);
  }

  it("is restored after many of their changes, or reports the rest, and then is idle", async () => {
    await using agent = await AgentProcess.start(alice.host);
    await agent.must("up", "lan", "--relay", relay.url, "--token", token, "--address", ALICE);
    const tap = String((await agent.network("lan"))?.tap);
    await expect.poll(() => pings(bob.host, "10.77.0.1"), WAIT).toBe(true);
    const isWhole = { addresses: [ALICE], routes: 2, linkLocal: true };
    await expect.poll(() => shape(alice.host, tap, [ALICE]), WAIT).toMatchObject(isWhole);
    const before = await shape(alice.host, tap, [ALICE]);
    const names = fc.sample(fc.constantFrom(...Object.keys(CHANGES)), { numRuns: repeats(15, 30), seed: 14 });
    for (const name of names) {
      await CHANGES[name]?.(tap, alice.host);
      const settled = async () => {
        const status = await agent.network("lan");
        const isTold = (status?.["warnings"] as { code: string }[] | undefined)?.some(
          ({ code }) => code === "interface.changed",
        );
        if (isTold === true) return "healed or told";
        const now = await shape(alice.host, tap, [ALICE]);
        const isHealed =
          JSON.stringify(now) === JSON.stringify(before) &&
          status?.mac === (await link(alice.host, tap))?.address;
        return isHealed ? "healed or told" : { name, now };
      };
      await expect.poll(settled, WAIT).toBe("healed or told");
    }
    await expect.poll(() => shape(alice.host, tap, [ALICE]), { ...WAIT, timeout: 90_000 }).toEqual(before);
    await expect.poll(() => pings(bob.host, "10.77.0.1"), WAIT).toBe(true);
    const pid = agent.process.child.pid ?? 0;
    const begun = await ticks(pid);
    await delay(4_000);
    // Of 400: an endless loop takes a whole core.
    expect((await ticks(pid)) - begun).toBeLessThan(200);
  });

  it.each(Object.keys(CHANGES))("is restored by 'laneway up' itself after: %s", async (name) => {
    const client = await running();
    const { tap } = client;
    // The kernel takes time for a link-local address.
    const settled = async () => (await shape(alice.host, tap, [ALICE])).linkLocal;
    await expect.poll(settled, WAIT).toBe(true);
    const before = await shape(alice.host, tap, [ALICE, ALICE6]);
    expect(before).toMatchObject({ addresses: [ALICE] });
    const lines = client.process.lines.length;
    await CHANGES[name]?.(tap, alice.host);
    if (name !== "another address") {
      const said = await client.process.event("interface", { from: lines });
      expect(said, JSON.stringify(client.process.lines.slice(lines - 4))).toMatchObject({
        network: "lan",
        kind: name === "MAC" ? "followed" : "put-back",
      });
    }
    await expect.poll(() => shape(alice.host, tap, [ALICE, ALICE6]), WAIT).toEqual(before);
    await expect.poll(() => pings(bob.host, "10.77.0.1"), WAIT).toBe(true);
  });

  let shared: RunningClient | undefined;
  afterAll(async () => void (await shared?.process.stop()));

  /** One for all following tests. */
  async function running(): Promise<RunningClient> {
    shared ??= await up(alice.host, args("alice", ALICE, "--tap", "lwkept"));
    return shared;
  }

  it("is recreated after it was moved to another network namespace", async () => {
    const { tap, process } = await running();
    const lines = process.lines.length;
    await alice.host.mustExec("ip", ["link", "set", tap, "netns", alice.router.namespace]);
    await process.event("interface", { from: lines });
    await expect.poll(() => pings(bob.host, "10.77.0.1"), WAIT).toBe(true);
    expect((await alice.router.exec("ip", ["link", "show", tap])).code).not.toBe(0);
  });

  it("announces a new MAC address to members that know the old one, also if the hub answers for it", async () => {
    const { tap } = await running();
    await expect.poll(() => pings(bob.host, "10.77.0.1"), WAIT).toBe(true);
    await alice.host.mustExec("ip", ["link", "set", tap, "address", "02:99:00:00:00:01"]);
    // Without the announcement, the neighbour's entry is renewed only after half a minute and three probes.
    const known = async () => (await bob.host.exec("ip", ["neigh", "show", "10.77.0.1"])).stdout;
    await expect.poll(known, { timeout: 10_000, interval: 50 }).toContain("02:99:00:00:00:01");
  });

  it("is left to a program that insists, with a report, and restored once that is over", async () => {
    const { tap, process } = await running();
    const lines = process.lines.length;
    const insist = async () => {
      await alice.host.mustExec("ip", ["link", "set", tap, "multicast", "off"]);
      return process.lines.slice(lines).some(({ kind }) => kind === "fault");
    };
    await expect.poll(insist, WAIT).toBe(true);
    const put = process.lines.slice(lines).filter(({ kind }) => kind === "put-back");
    expect(put.length).toBeLessThanOrEqual(8);
    const flags = async () => (await link(alice.host, tap))?.flags;
    await expect.poll(flags, WAIT).toContain("MULTICAST");
  });

  it("reports what it can't restore, and the next step", async () => {
    await using client = (
      await up(alice.host, [
        "lan",
        "--relay",
        relay.url,
        "--token",
        token,
        "--tap",
        "lwsix",
        "--address",
        ALICE6,
        "--state",
        join(lab.directory, "state-six"),
      ])
    ).process;
    await alice.host.mustExec("sysctl", ["-qw", "net.ipv6.conf.lwsix.disable_ipv6=1"]);
    const fault = await client.waitFor(({ event, kind }) => event === "interface" && kind === "fault");
    expect(text(fault, "message")).toMatch(/lwsix lost its address fd77::1\/64, and that can't be restored/);
    await expect.poll(() => client.stderr, WAIT).toContain("sudo sysctl net.ipv6.conf.lwsix.disable_ipv6=0");
    await alice.host.mustExec("sysctl", ["-qw", "net.ipv6.conf.lwsix.disable_ipv6=0"]);
    const has = async () => (await shape(alice.host, "lwsix", [ALICE6])).addresses;
    await expect.poll(has, WAIT).toEqual([ALICE6]);
  });
});
