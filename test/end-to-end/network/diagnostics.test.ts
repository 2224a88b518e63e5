// The agents' diagnostics: checks, measurements between two of them, and captures of their own port.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Site } from "../../../desktop/demo/lab/lab.ts";
import type { RpcClient } from "../../../desktop/rpc/client.ts";
import type { EventData } from "../../../desktop/rpc/schema.ts";
import type { Step, TestKind } from "../../../desktop/rpc/shapes.ts";
import { AgentProcess } from "../../support/network/agent-process.ts";
import { hasLab, Lab, startRelay, type TestRelay, text } from "../../support/network/lab.ts";

const WAIT = { timeout: 40_000, interval: 100 };

/** The events of a job until it was done. */
interface Told {
  readonly steps: Step[];
  readonly pieces: EventData<"capture">[];
  done: EventData<"done"> | undefined;
}

describe.runIf(hasLab())("an agent's diagnostics", { timeout: 120_000 }, () => {
  let lab: Lab;
  let relay: TestRelay;
  let alice: Site;
  let bob: Site;
  let a: AgentProcess;
  let b: AgentProcess;
  let client: RpcClient;
  const jobs = new Map<string, Told>();

  beforeAll(async () => {
    lab = await Lab.create();
    [alice, bob] = [await lab.addSite("alice"), await lab.addSite("bob")];
    relay = await startRelay(lab);
    await relay.create("network", "create", "office", "--subnet", "10.20.0.0/24");
    [a, b] = await Promise.all([AgentProcess.start(alice.host), AgentProcess.start(bob.host)]);
    const invite = await relay.create("invite", "create", "--network", "office", "--uses", "9");
    const link = text(invite, "link");
    await Promise.all([a.must("join", link, "--name", "alice"), b.must("join", link, "--name", "bob")]);
    await Promise.all([a.must("up"), b.must("up")]);
    await vi.waitUntil(async () => (await a.network("office"))?.members === 1, WAIT);
    client = await a.connect();
    client.on("progress", ({ job, step }) => toldOf(job).steps.push(step));
    client.on("capture", (piece) => toldOf(piece.job).pieces.push(piece));
    client.on("done", (done) => {
      toldOf(done.job).done = done;
    });
  });
  afterAll(async () => {
    client?.close();
    await a?.[Symbol.asyncDispose]();
    await b?.[Symbol.asyncDispose]();
    await relay?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  function toldOf(job: string): Told {
    const told = jobs.get(job) ?? { steps: [], pieces: [], done: undefined };
    jobs.set(job, told);
    return told;
  }

  async function ended(job: string): Promise<Told> {
    await expect.poll(() => toldOf(job).done, WAIT).toBeDefined();
    return toldOf(job);
  }

  async function bobsVtep(): Promise<string> {
    const { peers } = await client.call("peers", { network: "office" });
    return peers.find(({ name, online }) => name === "bob" && online)?.vtep ?? "";
  }

  async function test(kind: TestKind): Promise<Told> {
    const { job } = await client.call("test", { network: "office", kind, vtep: await bobsVtep() });
    return await ended(job);
  }

  it("check a network from the interface to a member, without disturbing it", async () => {
    const { job } = await client.call("doctor", { network: "office" });
    const { steps, done } = await ended(job);
    expect(done).toMatchObject({ outcome: "ok", error: null });
    const results = steps.filter(({ state }) => state !== "running").map(({ id, state }) => `${id} ${state}`);
    expect(results).toEqual([
      "tap pass",
      "dns skipped",
      "reach pass",
      "tls skipped",
      "websocket pass",
      "auth pass",
      "mtu pass",
      "overlap pass",
      "peer pass",
    ]);
    expect(steps.at(-1)).toMatchObject({ detail: expect.stringContaining("bob"), unit: "ms" });
    expect(await a.network("office")).toMatchObject({ state: "up", members: 1 });
  });

  it("are shown by the command if an agent runs", async () => {
    const { code, objects } = await a.run("doctor");
    expect(code).toBe(0);
    expect(objects.find(({ check }) => check === "auth")).toMatchObject({
      state: "pass",
      detail: "the device is accepted: the tunnel is up",
    });
    const away = await a.run("doctor", "--relay", "http://192.0.2.1:9");
    expect(away.objects.find(({ check }) => check === "reach")).toMatchObject({ state: "fail" });
    expect(away.code).toBe(1);
  });

  it("ask a member's agent if its kernel answers no pings", async () => {
    const ignore = (value: 0 | 1) =>
      bob.host.mustExec("sysctl", ["-qw", `net.ipv4.icmp_echo_ignore_all=${value}`]);
    await ignore(1);
    try {
      const answered = async () => {
        const { job } = await client.call("doctor", { network: "office" });
        return (await ended(job)).steps.at(-1);
      };
      await expect.poll(answered, WAIT).toMatchObject({
        id: "peer",
        state: "pass",
        detail: "the agent of bob answers",
      });
    } finally {
      await ignore(0);
    }
  });

  it("find an interface whose MTU something else insists on, and say so", async () => {
    const { tap, mtu } = (await client.call("status", {})).networks[0] ?? {};
    const contested = async () => {
      await alice.host.mustExec("ip", ["link", "set", String(tap), "mtu", "1300"]);
      const { networks } = await client.call("status", {});
      return networks[0]?.warnings?.map(({ code }) => code);
    };
    await expect.poll(contested, WAIT).toEqual(["interface.changed"]);
    await alice.host.mustExec("ip", ["link", "set", String(tap), "mtu", "1300"]);
    const { job } = await client.call("doctor", {});
    const { steps, done } = await ended(job);
    await alice.host.mustExec("ip", ["link", "set", String(tap), "mtu", String(mtu)]);
    expect(done).toMatchObject({ outcome: "failed", error: null });
    expect(steps.find(({ id, state }) => id === "mtu" && state === "fail")).toMatchObject({
      detail: expect.stringContaining("1300"),
      hint: expect.stringContaining(`mtu ${mtu}`),
    });
    // The warning ends after a while without changes.
    const warnings = async () => (await client.call("status", {})).networks[0]?.warnings;
    await expect.poll(warnings, { ...WAIT, timeout: 50_000 }).toEqual([]);
  });

  it("measure broadcast and multicast round trips to a member", async () => {
    for (const kind of ["broadcast", "multicast"] as const) {
      const { steps, done } = await test(kind);
      expect(done, kind).toMatchObject({ outcome: "ok", error: null });
      expect(steps.at(-1)).toMatchObject({ id: kind, state: "pass", unit: "ms" });
      expect(steps.at(-1)?.value).toBeGreaterThan(0);
    }
  });

  it("find that full frames pass to a member", async () => {
    const { networks } = await client.call("status", {});
    const { steps } = await test("path-mtu");
    expect(steps.at(-1)).toMatchObject({ state: "pass", value: networks[0]?.mtu, unit: "bytes" });
  });

  it("measure how much comes through to a member", async () => {
    const { steps, done } = await test("throughput");
    expect(done).toMatchObject({ outcome: "ok" });
    expect(steps.at(-1)).toMatchObject({ state: "pass", unit: "bit/s" });
    expect(steps.at(-1)?.value).toBeGreaterThan(10_000);
    expect(steps.some(({ progress }) => progress !== null && progress > 0)).toBe(true);
  });

  it("end at once when they are cancelled", async () => {
    const { job } = await client.call("test", {
      network: "office",
      kind: "throughput",
      vtep: await bobsVtep(),
    });
    await client.call("cancel", { job });
    expect((await ended(job)).done).toMatchObject({ outcome: "cancelled", error: null });
  });

  it("say so of members that are not there, or have no agent to answer", async () => {
    const { job } = await client.call("test", { network: "office", kind: "broadcast", vtep: "nobody" });
    expect((await ended(job)).done).toMatchObject({ outcome: "failed", error: { code: "peer.unknown" } });

    await relay.create("network", "set", "office", "ethertypes=deny:0x88b6");
    try {
      const { done } = await test("path-mtu");
      expect(done).toMatchObject({ outcome: "failed", error: { code: "peer.no-answer" } });
    } finally {
      await relay.create("network", "set", "office", "ethertypes=all");
    }

    const vtep = await bobsVtep();
    b.process.child.kill("SIGSTOP");
    try {
      const asked = await client.call("test", { network: "office", kind: "broadcast", vtep });
      const { done } = await ended(asked.job);
      expect(done).toMatchObject({ outcome: "failed", error: { code: "peer.no-answer" } });
    } finally {
      b.process.child.kill("SIGCONT");
    }
  });

  it("copy what passes this machine's port into a capture file, both ways", async () => {
    const { job } = await client.call("capture.start", { network: "office" });
    const other = (await b.network("office"))?.address?.replace(/\/.*/, "") ?? "";
    const ping = async () => (await alice.host.exec("ping", ["-n", "-c", "1", "-W", "2", other])).code;
    await expect.poll(ping, WAIT).toBe(0);
    await client.call("capture.stop", { job });
    const { pieces, done } = await ended(job);
    expect(done).toMatchObject({ outcome: "ok" });
    const file = Buffer.concat(pieces.map(({ data }) => Buffer.from(data, "base64")));
    expect(pieces.at(-1)).toMatchObject({ dropped: 0 });
    const { types, packets } = read(file);
    expect([types[0], types[1], types.at(-1)]).toEqual([0x0a0d_0d0a, 1, 5]);
    expect(packets.length).toBe(pieces.at(-1)?.frames);
    const echoes = packets.filter((frame) => frame.readUInt16BE(12) === 0x0800 && frame[23] === 1);
    // Request and reply.
    expect(new Set(echoes.map((frame) => frame[34]))).toEqual(new Set([8, 0]));
  });

  it("end a capture after its seconds", async () => {
    const { job } = await client.call("capture.start", { network: "office", seconds: 1 });
    expect((await ended(job)).done).toMatchObject({ outcome: "ok", error: null });
  });
});

/** Returns the blocks of a pcapng file, and its frames. */
function read(file: Buffer): { types: number[]; packets: Buffer[] } {
  const types: number[] = [];
  const packets: Buffer[] = [];
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) {
    const type = file.readUInt32LE(at);
    types.push(type);
    if (type === 6) packets.push(file.subarray(at + 28, at + 28 + file.readUInt32LE(at + 20)));
  }
  return { types, packets };
}
