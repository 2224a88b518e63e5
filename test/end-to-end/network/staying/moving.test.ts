// Machines that move: from the dock to Wi-Fi, to a LAN with a network's own addresses, and to a place where the relay
// is within a network.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
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

const WAIT = { timeout: 40_000, interval: 100 };
/** Half the time after which silence alone is noticed, and many times the time needed here. */
const SOON = { timeout: 30_000, interval: 50 };

describe.runIf(hasLab())("a machine", { timeout: 180_000 }, () => {
  let lab: Lab;
  let relay: TestRelay;
  let token: string;
  let sites = 0;

  beforeAll(async () => {
    lab = await Lab.create();
    relay = await startRelay(lab);
    token = await relay.token();
  });
  afterAll(async () => {
    await relay?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  async function client(host: Host, ...more: string[]): Promise<RunningClient> {
    const state = await mkdtemp(join(lab.directory, "state-"));
    const access = more.includes("--relay") ? [] : ["--relay", relay.url];
    const started = await up(host, ["lan", ...access, "--token", token, "--state", state, ...more]);
    onTestFinished(async () => void (await started.process.stop()));
    return started;
  }

  /** Returns a host with a second interface, another way to the internet once it is up. */
  async function docked(): Promise<Site & { readonly wireless: string }> {
    const number = ++sites;
    const site = await lab.addSite(`mover${number}`);
    const wireless = `203.0.113.${150 + number}`;
    const { host } = site;
    const peer = ["peer", "name", `air${number}`, "netns", lab.wan.namespace];
    await host.mustExec("ip", ["link", "add", "wlan0", "type", "veth", ...peer]);
    await lab.wan.mustExec("ip", ["link", "set", `air${number}`, "master", "wan", "up"]);
    return { ...site, wireless };
  }

  async function joinWireless({ host, wireless }: { host: Host; wireless: string }): Promise<void> {
    await host.mustExec("ip", ["address", "add", `${wireless}/24`, "dev", "wlan0"]);
    await host.mustExec("ip", ["link", "set", "wlan0", "up"]);
  }

  const events = ({ process }: RunningClient) => process.lines.map(({ event }) => event);

  async function pings(from: Host, address: string): Promise<boolean> {
    return (await from.exec("ping", ["-n", "-c", "1", "-W", "1", address])).code === 0;
  }

  it("reconnects soon after it moved from the dock to Wi-Fi", async () => {
    const site = await docked();
    const moved = await client(site.host, "--address", "10.20.0.1/24");
    // A pulled cable: the other end sees it, and tells the relay nothing.
    await site.router.mustExec("ip", ["link", "set", "lan", "down"]);
    await site.host.mustExec("ip", ["address", "flush", "dev", "eth0"]);
    await joinWireless(site);
    await expect.poll(() => events(moved), SOON).toEqual(["up", "reconnecting", "up"]);
    expect(moved.process.stderr).toContain("this machine no longer has the address 192.168.1.2");
  });

  it("reconnects soon after its route to the relay changed to another interface", async () => {
    const site = await docked();
    const moved = await client(site.host, "--address", "10.20.0.1/24");
    // The connection's address still exists, but no packet to it arrives.
    await joinWireless(site);
    await expect.poll(() => events(moved), SOON).toEqual(["up", "reconnecting", "up"]);
  });

  it("is not disturbed by changes unrelated to its tunnel", async () => {
    const site = await docked();
    const { host } = site;
    const calm = await client(host, "--address", "10.20.0.1/24");
    const connections = async () => {
      const all = await host.mustExec("ss", ["-Htn", "state", "established", "dst", lab.wanAddress]);
      return all.split("\n").map((line) => line.trim().split(/\s+/)[2]);
    };
    const before = await connections();
    for (let number = 0; number < 10; number++) {
      await host.mustExec("ip", ["link", "add", `c${number}`, "type", "veth", "peer", "name", `d${number}`]);
      await host.mustExec("ip", ["address", "add", `10.99.${number}.1/24`, "dev", `c${number}`]);
      await host.mustExec("ip", ["link", "set", `c${number}`, "up"]);
      await host.mustExec("ip", ["route", "add", `10.98.${number}.0/24`, "via", "192.168.1.1"]);
      await host.mustExec("ip", ["link", "del", `c${number}`]);
    }
    const remote = await client(await docked().then((other) => other.host), "--address", "10.20.0.2/24");
    await expect.poll(() => pings(host, "10.20.0.2"), WAIT).toBe(true);
    expect(await connections()).toEqual(before);
    expect(events(calm)).toEqual(["up"]);
    expect(events(remote)).toEqual(["up"]);
  });

  it("reconnects soon after the relay's name got another address", async () => {
    const { host, wanAddress } = await docked();
    const directory = `/etc/netns/${host.namespace}`;
    await mkdir(directory, { recursive: true });
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const hosts = (address: string) => writeFile(join(directory, "hosts"), `${address} relay.example\n`);
    await hosts(lab.wanAddress);
    const second = "203.0.113.2";
    await lab.wan.mustExec("ip", ["address", "add", `${second}/24`, "dev", "wan"]);
    const rules = `table ip moving {
      chain dark { type filter hook prerouting priority raw; ip saddr ${wanAddress} ip daddr ${lab.wanAddress} meta mark 0 jump gone; }
      chain gone { }
      chain light { type nat hook prerouting priority dstnat; ip daddr ${second} dnat to ${lab.wanAddress}; }
    }`;
    await lab.wan.mustExec("nft", ["-f", "-"], { input: rules });
    onTestFinished(async () => void (await lab.wan.exec("nft", ["delete", "table", "ip", "moving"])));
    const moved = await client(host, "--relay", "http://relay.example:8787", "--address", "10.20.0.1/24");
    // The operator moves the relay: the old address does not answer any more.
    await lab.wan.mustExec("nft", ["add", "rule", "ip", "moving", "gone", "drop"]);
    await hosts(second);
    await expect.poll(() => events(moved), SOON).toEqual(["up", "reconnecting", "up"]);
    expect(moved.process.stderr).toContain("the relay has another address");
  });

  describe("whose relay is within a network's subnet", () => {
    const ours = (host: Host) => host.mustExec("ip", ["route", "show", "proto", "76"]);

    it("keeps the relay reachable by its own route, which is removed with the network", async () => {
      const [one, two] = [await docked(), await docked()];
      const away = await client(two.host, "--address", "203.0.113.78/24");
      const near = await client(one.host, "--address", "203.0.113.77/24");
      await expect.poll(() => pings(one.host, "203.0.113.78"), WAIT).toBe(true);
      expect(await ours(one.host)).toMatch(/^203\.0\.113\.1 via 192\.168\.1\.1 dev eth0 metric \d+ ?\n$/);
      expect(events(near)).toEqual(["up"]);
      expect(await near.process.stop()).toBe(0);
      expect(await ours(one.host)).toBe("");
      expect(events(away)).toEqual(["up"]);
    });

    it("updates the route with its way out, and removes routes of a killed process", async () => {
      const site = await docked();
      const first = await client(site.host, "--address", "203.0.113.77/24");
      await expect.poll(() => ours(site.host), WAIT).toContain("via 192.168.1.1 dev eth0");
      first.process.child.kill("SIGKILL");
      await first.process.ended;
      expect(await ours(site.host)).toContain("via 192.168.1.1 dev eth0");
      const pid = first.process.child.pid;
      const second = await client(site.host, "--address", "203.0.113.77/24");
      await expect.poll(() => ours(site.host), WAIT).toMatch(/^203\.0\.113\.1 via [^\n]*\n$/);
      expect(await ours(site.host)).not.toContain(`metric ${pid}`);
      await site.host.mustExec("ip", ["route", "add", "203.0.113.0/30", "via", "192.168.1.1", "metric", "5"]);
      await site.host.mustExec("ip", ["route", "del", "default"]);
      await expect.poll(() => ours(site.host), WAIT).toContain("via 192.168.1.1 dev eth0");
      expect(events(second)).toEqual(["up"]);
    });

    it("does so too if the user routes everything through the network", async () => {
      const site = await docked();
      const { tap, ...all } = await client(site.host, "--address", "10.20.0.1/24");
      await site.host.mustExec("ip", ["route", "add", "0.0.0.0/1", "dev", tap]);
      await site.host.mustExec("ip", ["route", "add", "128.0.0.0/1", "dev", tap]);
      await expect.poll(() => ours(site.host), WAIT).toContain("203.0.113.1 via 192.168.1.1 dev eth0");
      expect(events({ tap, ...all })).toEqual(["up"]);
    });
  });

  describe("whose LAN has a network's addresses", () => {
    async function joined(): Promise<{ host: Host; agent: AgentProcess; network: string; subnet: string }> {
      const { host } = await docked();
      const network = `office${sites}`;
      const subnet = `10.${100 + sites}.0`;
      await relay.create("network", "create", network, "--subnet", `${subnet}.0/24`);
      const link = text(await relay.create("invite", "create", "--network", network), "link");
      const agent = await AgentProcess.start(host);
      onTestFinished(async () => await agent[Symbol.asyncDispose]());
      await agent.must("join", link);
      return { host, agent, network, subnet };
    }

    const codes = async (agent: AgentProcess, network: string) =>
      (((await agent.network(network))?.["warnings"] ?? []) as { code: string }[]).map(({ code }) => code);

    it("reports it in its status and in doctor while it is there", async () => {
      const { host, agent, network, subnet } = await joined();
      await agent.must("up", network);
      expect(await codes(agent, network)).toEqual([]);
      await host.mustExec("ip", ["address", "add", `${subnet}.200/24`, "dev", "eth0"]);
      await expect.poll(() => codes(agent, network), WAIT).toEqual(["interface.overlap"]);
      const { code, objects } = await agent.run("doctor", network);
      expect(code).toBe(1);
      expect(objects.find(({ check }) => check === "overlap")).toMatchObject({
        state: "fail",
        detail: expect.stringContaining(`eth0 has ${subnet}.200/24`),
        hint: expect.stringContaining("another subnet"),
      });
      await host.mustExec("ip", ["address", "del", `${subnet}.200/24`, "dev", "eth0"]);
      await expect.poll(() => codes(agent, network), WAIT).toEqual([]);
    });

    it("gets the network's address once it has left", async () => {
      const { host, agent, network, subnet } = await joined();
      await host.mustExec("ip", ["address", "add", `${subnet}.200/24`, "dev", "eth0"]);
      const [said] = await agent.must("up", network);
      expect(said).toMatchObject({ warnings: [{ code: "relay.refused-value" }] });
      const { objects } = await agent.run("doctor", network);
      expect(objects.find(({ check }) => check === "overlap")).toMatchObject({ state: "fail" });
      await host.mustExec("ip", ["address", "del", `${subnet}.200/24`, "dev", "eth0"]);
      const address = async () => (await agent.network(network))?.address;
      await expect.poll(address, WAIT).toMatch(new RegExp(`^${subnet}\\.\\d+/24$`));
      expect(await codes(agent, network)).toEqual([]);
    });

    it("is warned also before an address of the user's choice is set", async () => {
      const { host } = await docked();
      const { process } = await client(host, "--address", "192.168.1.77/24");
      const line = process.lines.find(({ event }) => event === "up");
      expect(line).toMatchObject({ warnings: [{ code: "interface.overlap" }] });
      expect(process.stderr).toContain("eth0 has 192.168.1.2/24");
    });
  });
});
