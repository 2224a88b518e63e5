// The agent as a service: networks that outlive commands, crashes and relays, and its callers' rights.
import { chown, readdir } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import { AgentProcess } from "../../support/network/agent-process.ts";
import {
  type Host,
  hasLab,
  Lab,
  laneway,
  launcher,
  type Machine,
  startLaneway,
  startRelay,
  type TestRelay,
  text,
} from "../../support/network/lab.ts";
import { by, NOBODY, nobodyCanReadThis } from "../../support/nobody.ts";
import { requires } from "../../support/requirements.ts";

const WAIT = { timeout: 40_000, interval: 200 };

/** Each command starts a program, on a machine that may be busy. */
describe.runIf(hasLab())("the agent", { timeout: 180_000 }, () => {
  let lab: Lab;
  let relay: TestRelay;
  let alice: Site;
  let bob: Site;
  let a: AgentProcess;
  let b: AgentProcess;

  beforeAll(async () => {
    lab = await Lab.create();
    [alice, bob] = [await lab.addSite("alice"), await lab.addSite("bob")];
    relay = await startRelay(lab);
    await relay.create("network", "create", "office", "--subnet", "10.20.0.0/24");
    await relay.create("network", "create", "bench", "--subnet", "10.30.0.0/24");
    [a, b] = await Promise.all([AgentProcess.start(alice.host), AgentProcess.start(bob.host)]);
    const link = await invite("office");
    await Promise.all([a.must("join", link, "--name", "alice"), b.must("join", link, "--name", "bob")]);
  });
  afterAll(async () => {
    await a?.[Symbol.asyncDispose]();
    await b?.[Symbol.asyncDispose]();
    await relay?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  async function invite(network: string): Promise<string> {
    return text(await relay.create("invite", "create", "--network", network, "--uses", "9"), "link");
  }

  async function isUp(agent: AgentProcess, network = "office"): Promise<void> {
    await expect.poll(async () => (await agent.network(network))?.state, WAIT).toBe("up");
  }

  it("keeps a joined network down until it is brought up", async () => {
    expect(await a.status()).toEqual([
      {
        network: "office",
        tenant: "default",
        vni: expect.any(Number),
        state: "down",
        tap: null,
        mac: null,
        address: null,
        relay: relay.url,
        members: 0,
        rx_bytes: 0,
        tx_bytes: 0,
      },
    ]);
  });

  it("brings a network up for commands that return at once, and keeps it up", async () => {
    const [[up], [other]] = await Promise.all([a.must("up"), b.must("up", "office")]);
    expect(up).toMatchObject({
      event: "up",
      network: "office",
      address: expect.stringMatching(/^10\.20\.0\.\d+\/24$/),
    });
    const row = await a.network("office");
    expect(row).toMatchObject({ state: "up", tap: up?.["tap"], mac: up?.["mac"], address: up?.["address"] });
    await answers(alice.host, String(other?.["address"]));
    await expect.poll(async () => (await a.network("office"))?.members, WAIT).toBe(1);
    expect(Number((await a.network("office"))?.["rx_bytes"])).toBeGreaterThan(0);
  });

  it("shows the other members and their latency", async () => {
    const other = await b.network("office");
    const peer = async () => (await a.must("peers", "office")).find(({ name }) => name === "bob");
    await expect.poll(async () => (await peer())?.["latency_ms"], WAIT).toBeGreaterThan(0);
    expect(await peer()).toMatchObject({
      network: "office",
      online: true,
      macs: [other?.mac],
      addresses: expect.arrayContaining([other?.address?.replace(/\/.*/, "")]),
      path: "relayed",
      last_seen: null,
    });
    const { stdout } = await laneway(["peers"], { host: a.machine, env: a.env });
    expect(stdout).toMatch(/^NETWORK +NAME +ONLINE .*\noffice +bob +yes +/);
  });

  it("restores its networks after it was killed, and leaves no interface behind", async () => {
    const before = await a.network("office");
    await a.kill();
    await expect.poll(() => interfaces(alice.host), WAIT).not.toContain(String(before?.tap));
    const { code, stderr } = await a.run("status");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^laneway: no agent runs at '.*'\n {2}.+\n$/);
    await a.start();
    await isUp(a);
    expect(await a.network("office")).toMatchObject({ mac: before?.mac, address: before?.address });
    await answers(alice.host, String((await b.network("office"))?.address));
  });

  it("reconnects to the relay, and reports the problem meanwhile", async () => {
    const tap = (await a.network("office"))?.tap;
    const client = await a.connect();
    const states: string[] = [];
    client.on("changed", ({ networks }) =>
      states.push(...networks.map(({ state, error }) => `${state} ${error?.code}`)),
    );
    await client.call("subscribe", { topics: ["status"] });
    await relay.stop("SIGKILL");
    await expect.poll(async () => (await a.network("office"))?.state, WAIT).toBe("reconnecting");
    expect(await a.network("office")).toMatchObject({ tap, members: 0 });
    await relay.start("");
    await Promise.all([isUp(a), isUp(b)]);
    expect(await a.network("office")).toMatchObject({ tap });
    client.close();
    expect(states).toContain("reconnecting relay.unreachable");
    expect(states.at(-1)).toBe("up undefined");
    await answers(alice.host, String((await b.network("office"))?.address));
  });

  it("adds a second network without disturbing the first", async () => {
    const tap = (await a.network("office"))?.tap;
    await a.must("join", await invite("bench"), "--name", "alice");
    const [up] = await a.must("up", "bench", "--tap", "bench0", "--address", "10.30.0.77/24");
    expect(up).toMatchObject({ network: "bench", tap: "bench0", address: "10.30.0.77/24" });
    await isUp(a);
    expect(await a.network("office")).toMatchObject({ tap });
    await answers(alice.host, String((await b.network("office"))?.address));

    await a.kill();
    await a.start();
    await isUp(a, "bench");
    expect(await a.network("bench")).toMatchObject({ tap: "bench0", address: "10.30.0.77/24" });
    await isUp(a);
    const [down] = await a.must("down", "bench");
    expect(down).toMatchObject({ event: "down", network: "bench", state: "down", tap: null });
    expect(await interfaces(alice.host)).not.toContain("bench0");
    expect((await a.network("office"))?.state).toBe("up");
    await a.kill();
    await a.start();
    await isUp(a);
    expect((await a.network("bench"))?.state).toBe("down");
    await a.must("leave", "bench");
    expect(await a.network("bench")).toBeUndefined();
  });

  it("gives up with the reason when the device is revoked", async () => {
    await using c = await AgentProcess.start(bob.host);
    const link = await invite("office");
    const [joined] = await c.must("join", link, "--name", "carol");
    await c.must("up");
    expect((await relay.admin("device", "revoke", String(joined?.["device"]))).code).toBe(0);
    await expect.poll(async () => (await c.network("office"))?.state, WAIT).toBe("failed");
    expect(await c.network("office")).toMatchObject({ tap: null });
    const again = await c.run("up");
    expect(again).toMatchObject({ code: 1 });
    expect(again.stderr).toMatch(/^laneway: .*4001.*\n {2}.*laneway join LINK.*\n$/);
    expect(c.process.stderr).toContain("tunnel.closed-4003");
    expect((await b.network("office"))?.state).toBe("up");
  });

  it("brings a network up by a token too, which it stores", async () => {
    await using c = await AgentProcess.start(bob.host);
    const token = await relay.token("bench");
    await c.must("up", "bench", "--relay", relay.url, "--token", token, "--address", "10.30.0.9/24");
    expect(await c.status()).toEqual([
      expect.objectContaining({ network: "bench", tenant: null, state: "up", address: "10.30.0.9/24" }),
    ]);
    await c.kill();
    await c.start();
    await isUp(c, "bench");
    const wrong = await c.run("up", "bench", "--relay", relay.url, "--token", "no-such-token");
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain("refused the token");
    expect(c.process.stderr).not.toContain(token);
  });

  it.runIf(requires("script"))("is shown in colours on a terminal, unless they are not wanted", async () => {
    const shown = async (env: Record<string, string>) => {
      const command = [launcher.command, ...launcher.args, "status"].join(" ");
      return await alice.host.mustExec("script", ["-qec", command, "/dev/null"], {
        env: { ...a.env, ...env },
      });
    };
    expect(await shown({ TERM: "xterm", NO_COLOR: "" })).toContain("\x1b[32mup");
    expect(await shown({ TERM: "xterm", NO_COLOR: "1" })).not.toContain("\x1b");
  });

  it("is not used by a command in the foreground", async () => {
    const token = await relay.token("bench");
    const args = ["up", "bench", "--relay", relay.url, "--token", token, "--foreground", "--address", "none"];
    await using own = startLaneway(args, { host: alice.host, env: a.env });
    await own.event("up");
    expect(await a.status()).toHaveLength(1);
    expect(await own.stop()).toBe(0);
  });

  it("answers invalid requests, also of a megabyte, and keeps running", async () => {
    const answers: { error?: { data?: { code?: string } } }[] = [];
    const socket = createConnection(a.socket);
    createInterface({ input: socket }).on("line", (line) => answers.push(JSON.parse(line)));
    socket.write("what is this\n");
    socket.write(`{"jsonrpc":"2.0","id":1,"method":"${"x".repeat(1_048_576)}"}\n`);
    await expect
      .poll(() => answers.map(({ error }) => error?.data?.code), WAIT)
      .toEqual(["agent.malformed", "agent.too-big"]);
    socket.destroy();
    expect((await a.network("office"))?.state).toBe("up");
  });

  it("is the only one on its socket, and the only one with its state", async () => {
    for (const env of [a.env, { ...a.env, LANEWAY_SOCKET: `${a.socket}.other` }]) {
      const { code, stderr } = await laneway(["agent"], { host: alice.host, env });
      expect(code).toBe(1);
      expect(stderr).toMatch(/^laneway: .*(listens at|has the state directory).*\n {2}.+\n$/);
    }
    expect((await a.network("office"))?.state).toBe("up");
  });

  it("ends cleanly, removing its interfaces and sockets, and restores its networks", async () => {
    const tap = String((await b.network("office"))?.tap);
    expect(await b.process.stop()).toBe(0);
    expect(await interfaces(bob.host)).not.toContain(tap);
    expect((await readdir(join(b.socket, ".."))).filter((name) => name.startsWith("agent.sock"))).toEqual([]);
    await b.start();
    await isUp(b);
  });

  it("sends Wake-on-LAN packets to the network", async () => {
    const client = await a.connect();
    const before = await a.network("office");
    await client.call("wake", { network: "office", mac: "02:00:00:00:00:99" });
    expect(Number((await a.network("office"))?.["tx_bytes"])).toBeGreaterThanOrEqual(
      Number(before?.["tx_bytes"]) + 200,
    );
    await expect(client.call("wake", { network: "office", mac: "no" })).rejects.toMatchObject({
      code: "usage.mac",
    });
    await expect(client.call("wake", { network: "cellar", mac: "02:00:00:00:00:99" })).rejects.toMatchObject({
      code: "network.unknown",
    });
    client.close();
  });

  it("creates invites for a user with an administrator's token", async () => {
    const client = await a.connect();
    const { url } = relay;
    await expect(client.call("invite.create", { relay: url, network: "office" })).rejects.toMatchObject({
      code: "admin.no-token",
    });
    await expect(client.call("admin.set", { relay: url, token: "wrong" })).rejects.toMatchObject({
      code: "admin.refused",
    });
    const token = (await lab.wan.mustExec("cat", [relay.adminTokenFile])).trim();
    await client.call("admin.set", { relay: url, token });
    expect(await client.call("admin.list", {})).toEqual({ relays: [{ relay: url }] });
    const made = await client.call("network.create", { relay: url, name: "made", subnet: "10.50.0.0/24" });
    expect(made).toMatchObject({ name: "made", tenant: "default" });
    const { link } = await client.call("invite.create", { relay: url, network: "made", uses: 1 });
    const { networks } = await client.call("join", { link, name: "alice" });
    expect(networks.map(({ name }) => name)).toContain("made");
    const { text: report } = await client.call("report", {});
    expect(report).toContain("network office");
    expect(report).not.toContain(token);
    expect(report).not.toContain(new URL(url).hostname);
    await client.call("admin.set", { relay: url, token: null });
    client.close();
  });

  describe.runIf(nobodyCanReadThis())("for a user without rights", () => {
    it("shows its status, and changes nothing", async () => {
      const nobody = by(alice.host, NOBODY);
      const said = await laneway(["status", "--json"], { host: nobody, env: a.env });
      expect(said).toMatchObject({ code: 0, stderr: "" });
      expect(said.objects.find(({ network }) => network === "office")).toMatchObject({ state: "up" });
      const link = await invite("office");
      for (const args of [
        ["down"],
        ["down", "office"],
        ["leave", "office"],
        ["up", "office"],
        ["join", link],
      ]) {
        const { code, stderr } = await laneway(args, { host: nobody, env: { ...a.env, LANEWAY_STATE: "" } });
        expect(code, args.join(" ")).toBe(1);
        expect(stderr).toMatch(/^laneway: you are not allowed to .*\n {2}.*group 'laneway'.*\n$/);
      }
      expect((await a.network("office"))?.state).toBe("up");
    });

    it("runs with only the right to create interfaces", async () => {
      const rights = [
        "--inh-caps=-all,+net_admin",
        "--ambient-caps=-all,+net_admin",
        "--bounding-set=-all,+net_admin",
      ];
      await a.must("up", "office");
      const service = by(withOpenTun(bob.host), [...NOBODY, ...rights, "--no-new-privs"]);
      await using c = await AgentProcess.start(service, (directory) => chown(directory, 65_534, 65_534));
      const own = { host: by(bob.host, NOBODY), env: c.env };
      expect((await laneway(["join", await invite("office"), "--name", "dora"], own)).code).toBe(0);
      const stranger = await laneway(["status"], { host: bob.host, env: c.env });
      expect(stranger).toMatchObject({ code: 1, stderr: expect.stringContaining("belongs to user 65534") });
      // Another agent has the same network up on this host.
      const up = await laneway(["up", "--allow-overlap", "--json"], own);
      expect(up).toMatchObject({ code: 0, stderr: "" });
      await answers(alice.host, text(up.objects[0] ?? {}, "address"));
    });
  });
});

/** Waits until an address answers. */
async function answers(from: Host, cidr: string): Promise<void> {
  const address = cidr.replace(/\/.*/, "");
  const ping = async () => (await from.exec("ping", ["-n", "-c", "1", "-W", "1", address])).code;
  await expect.poll(ping, { timeout: 40_000, interval: 50 }).toBe(0);
}

async function interfaces(host: Host): Promise<string> {
  return await host.mustExec("ip", ["-oneline", "link", "show"]);
}

/**
 * Returns a host whose TAP driver is open to all users, as udev sets it: in its processes' own view of the file system.
 */
function withOpenTun(host: Host): Machine {
  const script = 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"';
  const through = (command: string, args: readonly string[]) => ["-c", script, "sh", command, ...args];
  return {
    exec: (command, args = [], rest) => host.exec("sh", through(command, args), rest),
    spawn: (command, args = [], rest) => host.spawn("sh", through(command, args), rest),
  };
}
