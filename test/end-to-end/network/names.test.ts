// Addresses and names in a network, with real kernels and real resolvers.
import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import { WAIT } from "../../support/network/hub-lab.ts";
import {
  type Host,
  hasLab,
  Lab,
  laneway,
  launcher,
  type RunningClient,
  startRelay,
  type TestRelay,
  text,
  up,
} from "../../support/network/lab.ts";
import { findResolved, Resolved } from "../../support/network/resolved.ts";

const HUB = "10.20.0.1";
const DOMAIN = "office.lan.internal";

/** Runs on a host: looks names up at one server only. */
const LOOKUP = `
  const { Resolver } = require("node:dns").promises;
  const [server, how, what] = process.argv.slice(1);
  const resolver = new Resolver({ timeout: 5000, tries: 4 });
  resolver.setServers([server]);
  resolver[how](what).then(
    (found) => console.log(JSON.stringify(found)),
    (error) => console.log(JSON.stringify(error.code)),
  );
`;

interface Member extends RunningClient {
  readonly host: Host;
  readonly ip: string;
  readonly ip6: string;
}

describe.runIf(hasLab("arping"))("a network that gives addresses", () => {
  let lab: Lab;
  let relay: TestRelay;
  let sites: Site[];
  let alice: Member;
  let bob: Member;
  let hub6: string;

  beforeAll(async () => {
    lab = await Lab.create();
    sites = await Promise.all(["alice", "bob", "carol"].map((name) => lab.addSite(name)));
    relay = await startRelay(lab);
    const network = await relay.create("network", "create", "office", "--subnet", "10.20.0.0/24");
    hub6 = text(network, "prefix6").replace("/64", "1");
    alice = await bringIn("alice");
    bob = await bringIn("Bob's PC", site("bob").host);
  });
  afterAll(() => lab?.close());

  function site(name: string): Site {
    const found = sites.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no site ${name}`);
    return found;
  }

  /** Enrols a new device of that name, and brings the network up. */
  async function bringIn(
    name: string,
    host = site(name).host,
    env: Record<string, string> = {},
  ): Promise<Member> {
    const link = text(await relay.create("invite", "create", "--network", "office"), "link");
    const state = await mkdtemp(join(lab.directory, "state-"));
    const { code, stderr } = await laneway(["join", link, "--name", name, "--state", state, "--json"], {
      host,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    // Some tests have two devices of one network on a host.
    const client = await up(host, ["office", "--state", state, "--allow-overlap"], env);
    const [line = {}] = client.process.lines;
    const ip6 = text(line, "address6").replace("/64", "");
    return { ...client, host, ip: client.address?.replace("/24", "") ?? "", ip6 };
  }

  async function lookUp({ host }: { host: Host }, how: string, what: string, server = HUB): Promise<unknown> {
    const at = server.includes(":") ? `[${server}]` : server;
    const said = await host.mustExec(process.execPath, ["-e", LOOKUP, at, how, what]);
    return JSON.parse(said) as unknown;
  }

  async function pings({ host }: { host: Host }, address: string, ...args: string[]): Promise<number> {
    const { stdout } = await host.exec("ping", ["-n", "-c", "2", "-i", "0.2", "-W", "5", ...args, address]);
    return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
  }

  it("gives each device an IPv4 and an IPv6 address, which reach the others at once", async () => {
    expect(alice.ip).toBe("10.20.0.2");
    expect(bob.ip).toBe("10.20.0.3");
    expect(await pings(alice, bob.ip6)).toBe(2);
    expect(await pings(bob, alice.ip6)).toBe(2);
    expect(await pings(alice, bob.ip)).toBe(2);
    const said = await bob.host.mustExec("ip", ["-6", "-oneline", "address", "show", "dev", bob.tap]);
    expect(said).toContain(` inet6 ${bob.ip6}/64 scope global`);
  });

  it("contains the hub, which answers pings and defends its addresses", async () => {
    expect(await pings(alice, HUB)).toBe(2);
    expect(await pings(alice, HUB, "-s", "1400")).toBe(2);
    expect(await pings(alice, hub6)).toBe(2);
    const said = await alice.host.mustExec("ip", ["neigh", "show", "dev", alice.tap]);
    expect(said).toMatch(/^10\.20\.0\.1 .*lladdr 02:4c:4e:/m);
    // A client that probes one of them is told that it is taken.
    expect((await alice.host.exec("arping", ["-D", "-I", alice.tap, "-c", "2", HUB])).code).toBe(1);
    await alice.host.mustExec("ip", ["address", "add", `${hub6}/64`, "dev", alice.tap]);
    const flags = async () =>
      alice.host.mustExec("ip", ["-6", "address", "show", "dev", alice.tap, "to", hub6]);
    await expect.poll(flags, WAIT).toContain("dadfailed");
    await alice.host.mustExec("ip", ["address", "delete", `${hub6}/64`, "dev", alice.tap]);
  });

  it("lets no member take the hub's addresses", async () => {
    await bob.host.mustExec("ip", ["address", "add", `${HUB}/24`, "dev", bob.tap]);
    await bob.host.exec("arping", ["-U", "-I", bob.tap, "-c", "2", HUB]);
    await vi.waitUntil(() => bob.process.stderr.includes("duplicate-address"), WAIT);
    expect(bob.process.stderr).toContain(HUB);
    await bob.host.mustExec("ip", ["address", "delete", `${HUB}/24`, "dev", bob.tap]);
    await alice.host.mustExec("ip", ["neigh", "flush", "dev", alice.tap]);
    expect(await pings(alice, HUB)).toBe(2);
    const said = await alice.host.mustExec("ip", ["neigh", "show", "dev", alice.tap]);
    expect(said).toMatch(/^10\.20\.0\.1 .*lladdr 02:4c:4e:/m);
    expect(await lookUp(alice, "resolve4", `alice.${DOMAIN}`)).toEqual([alice.ip]);
  });

  it("resolves its devices' names, over IPv4 and IPv6", async () => {
    for (const server of [HUB, hub6]) {
      expect(await lookUp(alice, "resolve4", `bob-s-pc.${DOMAIN}`, server)).toEqual([bob.ip]);
      expect(await lookUp(alice, "resolve6", `bob-s-pc.${DOMAIN}`, server)).toEqual([bob.ip6]);
      expect(await lookUp(bob, "reverse", alice.ip, server)).toEqual([`alice.${DOMAIN}`]);
      expect(await lookUp(bob, "reverse", alice.ip6, server)).toEqual([`alice.${DOMAIN}`]);
      expect(await lookUp(bob, "resolve4", `hub.${DOMAIN}`, server)).toEqual([HUB]);
      expect(await lookUp(alice, "resolve4", `nobody.${DOMAIN}`, server)).toBe("ENOTFOUND");
      expect(await lookUp(alice, "resolveMx", `alice.${DOMAIN}`, server)).toBe("ENODATA");
      expect(await lookUp(alice, "resolve4", "example.org", server)).toBe("EREFUSED");
    }
  });

  it("registers both addresses if only registered ones may be used", async () => {
    await relay.create("network", "set", "office", "source-binding=on");
    await expect.poll(() => pings(alice, bob.ip6), WAIT).toBe(2);
    expect(await pings(alice, bob.ip)).toBe(2);
    expect(await lookUp(alice, "resolve4", `alice.${DOMAIN}`, hub6)).toEqual([alice.ip]);
    await relay.create("network", "set", "office", "source-binding=off");
  });

  it("gives no device an address that another was seen to use", async () => {
    const token = await relay.token("office");
    const { host } = site("carol");
    const state = await mkdtemp(join(lab.directory, "state-"));
    const args = ["office", "--relay", relay.url, "--state", state, "--address", "10.20.0.4/24"];
    const printer = await up(host, args, { LANEWAY_TOKEN: token });
    await using _printer = printer.process;
    expect(await pings({ host }, HUB)).toBe(2);
    const dave = await bringIn("dave", site("carol").host);
    await using _dave = dave.process;
    expect(dave.ip).toBe("10.20.0.5");
    const { objects } = await relay.admin("audit", "--since", "1h");
    expect(objects).toContainEqual(
      expect.objectContaining({ action: "address.in-use", object: `office 10.20.0.4 ${printer.mac}` }),
    );
    // Not even while it is offline.
    await printer.process.stop();
    const erin = await bringIn("erin", site("carol").host);
    await using _erin = erin.process;
    expect(erin.ip).toBe("10.20.0.6");
  });

  it("prints how to ask without systemd-resolved", async () => {
    const { host } = site("carol");
    const state = await mkdtemp(join(lab.directory, "state-"));
    const link = text(await relay.create("invite", "create", "--network", "office"), "link");
    await laneway(["join", link, "--name", "frank", "--state", state], { host });
    // resolvectl is in neither.
    const child = host.spawn(launcher.command, [...launcher.args, "up", "--state", state], {
      env: { PATH: "/usr/sbin:/sbin" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    await vi.waitUntil(() => stdout.includes(" is up: "), WAIT);
    child.kill("SIGINT");
    expect(stdout).toContain(`dig @${HUB} NAME.${DOMAIN}`);
    expect(stdout).toContain(`names in ${DOMAIN}`);
  });

  it("configures systemd-resolved for its names only", async () => {
    const directory = await mkdtemp(join(lab.directory, "bin-"));
    const told = join(directory, "told");
    await writeFile(join(directory, "resolvectl"), `#!/bin/sh\necho "$@" >> ${told}\n`);
    await chmod(join(directory, "resolvectl"), 0o755);
    const grace = await bringIn("grace", site("carol").host, { PATH: `${directory}:${process.env["PATH"]}` });
    await using _grace = grace.process;
    const reverse6 = text(grace.process.lines[0] ?? {}, "address6").split(":", 3);
    const nibbles = [...reverse6.map((group) => group.padStart(4, "0")).join(""), ..."0000"]
      .reverse()
      .join(".");
    expect((await readFile(told, "utf8")).trim().split("\n")).toEqual([
      `default-route ${grace.tap} false`,
      `domain ${grace.tap} ${DOMAIN} ~0.20.10.in-addr.arpa ~${nibbles}.ip6.arpa`,
      `dns ${grace.tap} ${HUB} ${hub6}`,
    ]);
  });

  // Only on machines that have it; the test above uses a stand-in everywhere.
  const programs = findResolved();
  if (programs !== undefined) {
    it("configures the real systemd-resolved, until the interface is gone", async () => {
      const { host } = site("carol");
      const resolved = await Resolved.start(lab, host, programs);
      const heidi = await bringIn("heidi", host, resolved.env);
      const found = async (name: string) => (await resolved.ask("query", "--cache=no", name)).stdout;
      expect(await found(`alice.${DOMAIN}`)).toContain(alice.ip);
      expect(await found(`alice.${DOMAIN}`)).toContain(alice.ip6);
      expect(await found("bob-s-pc")).toContain(bob.ip);
      expect(await found(alice.ip)).toContain(`alice.${DOMAIN}`);
      expect(await found(alice.ip6)).toContain(`alice.${DOMAIN}`);
      expect((await resolved.ask("status", heidi.tap)).stdout).toMatch(/-DefaultRoute/);
      expect((await resolved.ask("query", `nobody.${DOMAIN}`)).stderr).toMatch(/not found/);
      await heidi.process.stop();
      const status = async () => (await resolved.ask("status")).stdout;
      await expect.poll(status, WAIT).not.toContain(DOMAIN);
    });
  }
});

describe.runIf(hasLab())("a network that gives no addresses", () => {
  it("contains no hub, and has no names", async () => {
    await using lab = await Lab.create();
    const { host } = await lab.addSite("alice");
    const relay = await startRelay(lab);
    await relay.create("network", "create", "lab", "--subnet", "10.30.0.0/24", "--no-addresses");
    const state = await mkdtemp(join(lab.directory, "state-"));
    const token = await relay.token("lab");
    const args = ["lab", "--relay", relay.url, "--state", state, "--address", "10.30.0.2/24"];
    const client = await up(host, args, { LANEWAY_TOKEN: token });
    expect(client.process.lines[0]).not.toHaveProperty("dns");
    expect(client.process.lines[0]).not.toHaveProperty("address6");
    const { code } = await host.exec("ping", ["-n", "-c", "1", "-W", "1", "10.30.0.1"]);
    expect(code).toBe(1);
    const { objects } = await relay.admin("fdb", "--network", "lab");
    expect(objects.map(({ port }) => port)).not.toContain("hub");
  });
});
