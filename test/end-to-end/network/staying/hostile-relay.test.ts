// A malicious relay and a client's machine: a real interface, the real command.
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { JsonLine } from "../../../../desktop/demo/lab/json-process.ts";
import { AgentProcess } from "../../../support/network/agent-process.ts";
import { type Host, hasLab, JsonProcess, Lab, launcher, up } from "../../../support/network/lab.ts";

/** Its default offer: a network without an address. */
const LAN = { name: "lan", vni: 101, group: "239.0.0.101", mtu: 1_500 };

interface Address {
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
}

describe.runIf(hasLab())("a malicious relay", { timeout: 120_000 }, () => {
  let lab: Lab;
  let host: Host;
  let port = 9_000;

  beforeAll(async () => {
    lab = await Lab.create();
    ({ host } = await lab.addSite("alice"));
    // Like a VPN's route.
    await host.mustExec("ip", ["route", "add", "10.99.0.0/16", "via", "192.168.1.1"]);
  });
  afterAll(() => lab?.close());

  /** Starts a relay with this welcome, and returns its URL. */
  async function relay(welcome: object): Promise<{ url: string; process: JsonProcess }> {
    const at = [lab.wanAddress, String(++port)];
    const program = join(import.meta.dirname, "../../../support/network/hostile-relay-program.ts");
    const child = lab.wan.spawn(launcher.command, [program, ...at], { stdio: ["pipe", "pipe", "pipe"] });
    child.stdin?.end(JSON.stringify(welcome));
    const process = new JsonProcess(child, "hostile relay");
    onTestFinished(async () => void (await process.stop()));
    await process.event("listening");
    return { url: `http://${at.join(":")}`, process };
  }

  async function client(url: string, ...args: string[]) {
    const state = await mkdtemp(join(lab.directory, "state-"));
    const started = await up(host, ["--relay", url, "--token", "t", "--state", state, ...args]);
    onTestFinished(async () => void (await started.process.stop()));
    const line = started.process.lines.find(({ event }) => event === "up") ?? {};
    return { ...started, line };
  }

  /** Returns the addresses of an interface, without those that the kernel generates. */
  async function addresses(tap: string): Promise<string[]> {
    const [link] = JSON.parse(await host.mustExec("ip", ["-json", "address", "show", "dev", tap])) as [
      { addr_info: Address[] },
    ];
    return link.addr_info
      .filter(({ scope }) => scope !== "link")
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  }

  const messages = (line: JsonLine) =>
    ((line["warnings"] ?? []) as { code: string; message: string }[]).map(({ code, message }) => {
      expect(code).toBe("relay.refused-value");
      return message;
    });

  it.each([
    ["a loopback address", { address: "127.0.0.77/8" }, "has loopback addresses"],
    ["half of all addresses", { address: "1.2.3.4/1", address6: "::/0" }, "has a prefix shorter than /8"],
    ["the host's own LAN", { address: "192.168.1.77/25" }, "would take over 192.168.1.0/25"],
    ["what a route leads to", { address: "10.99.3.7/24" }, "there is a route to 10.99.0.0/16 of eth0"],
    ["the relay's own network", { address: "203.0.113.77/25" }, "the relay itself is in it"],
    ["a part of the Internet", { address: "8.8.8.7/24" }, "a part of the Internet"],
  ])("gives no interface %s", async (_what, given, why) => {
    const { url } = await relay({ networks: [{ ...LAN, ...given }] });
    const { line, tap, process } = await client(url);
    expect(await addresses(tap)).toEqual([]);
    expect(messages(line)[0]).toContain(why);
    expect(process.stderr).toContain(why);
    // The route to everything else is unchanged.
    const route = await host.mustExec("ip", ["route", "get", "192.168.1.1"]);
    expect(route).toContain("dev eth0");
  });

  it("can give addresses that the user allows", async () => {
    const { url } = await relay({ networks: [{ ...LAN, address: "10.99.3.7/24" }] });
    const { line, tap } = await client(url, "--allow-overlap");
    expect(await addresses(tap)).toEqual(["10.99.3.7/24"]);
    expect(line["warnings"]).toBeUndefined();
  });

  it("can't give two networks the same addresses", async () => {
    const subnet = (name: string, vni: number, address: string) => ({ ...LAN, name, vni, address });
    const first = await relay({ networks: [subnet("one", 1, "10.77.0.7/16")] });
    const second = await relay({ networks: [subnet("two", 2, "10.77.5.7/24")] });
    const one = await client(first.url);
    const two = await client(second.url);
    expect(await addresses(one.tap)).toEqual(["10.77.0.7/16"]);
    expect(await addresses(two.tap)).toEqual([]);
    expect(messages(two.line)[0]).toContain(`${one.tap} has 10.77.0.7/16`);
  });

  it("can't give networks of one tunnel the same addresses", async () => {
    const networks = [1, 2].map((vni) => ({ ...LAN, name: `n${vni}`, vni, address: "10.78.0.7/24" }));
    const { url } = await relay({ networks });
    const { process } = await client(url);
    await process.event("up", { from: 1 });
    const given = process.lines.filter(({ event }) => event === "up").map(({ address }) => address ?? null);
    expect(given).toEqual(["10.78.0.7/24", null]);
  });

  it("can't capture the machine's names, or make it ping constantly", async () => {
    const dns = { servers: ["8.8.8.8", "10.60.0.1"], domain: "~." };
    const evil = { ...LAN, name: "lan\x1b[31m", vni: 102 };
    const { url, process: program } = await relay({
      keepalive_seconds: 1e-9,
      networks: [{ ...LAN, address: "10.60.0.7/24", dns }, evil],
    });
    const { line, process, tap } = await client(url);
    expect(await addresses(tap)).toEqual(["10.60.0.7/24"]);
    expect(line["dns"]).toBeUndefined();
    expect(messages(line).join()).toContain("refused the domain '~.'");
    const warning = await process.event("warning");
    expect(messages(warning).join()).toContain("refused keepalive_seconds '1e-9'");
    expect(messages(warning).join()).toContain("refused a network's name 'lan [31m'");
    expect(process.stderr).not.toContain("\x1b");
    await delay(3_000);
    expect(program.lines.filter(({ event }) => event === "ping").length).toBeLessThanOrEqual(2);
  });

  it("is reported in the agent's status, and the agent keeps the user's choice", async () => {
    const { url } = await relay({ networks: [{ ...LAN, address: "10.99.4.7/24" }] });
    await using agent = await AgentProcess.start(host);
    const args = ["up", "lan", "--relay", url, "--token", "t"];
    const [told = {}] = await agent.must(...args);
    expect(messages(told)[0]).toContain("there is a route to 10.99.0.0/16");
    expect(await agent.network("lan")).toMatchObject({ state: "up", address: null });
    expect(messages((await agent.network("lan")) ?? {})).toHaveLength(1);

    const [allowed = {}] = await agent.must(...args, "--allow-overlap");
    expect(allowed).toMatchObject({ event: "up", address: "10.99.4.7/24" });
    await agent.must("down", "lan");
    const [again = {}] = await agent.must(...args);
    expect(again).toMatchObject({ event: "up", address: "10.99.4.7/24" });
    expect(await agent.network("lan")).not.toHaveProperty("warnings");
  });
});
