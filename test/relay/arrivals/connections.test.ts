import { execFile } from "node:child_process";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import fc from "fast-check";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import {
  type ConnectionLimits,
  Connections,
  connectionLimits,
  type Visit,
} from "../../../relay/arrivals/connections.ts";
import { TunnelClient } from "../../support/relay/client.ts";
import { RelayProcess } from "../../support/relay/relay-process.ts";
import { NODE, underEachRuntime } from "../../support/relay/runtimes.ts";
import { requires } from "../../support/requirements.ts";

describe("the limits of connections", () => {
  it.each([
    [1_048_576, { all: 917_504, strangers: 4_096, strangersPerAddress: 1_024 }],
    [20_000, { all: 17_500, strangers: 4_096, strangersPerAddress: 1_024 }],
    [1_024, { all: 896, strangers: 224, strangersPerAddress: 112 }],
    [64, { all: 32, strangers: 8, strangersPerAddress: 4 }],
  ])("leave some of %i descriptors for other purposes", (descriptors, limits) => {
    expect(connectionLimits(descriptors)).toEqual(limits);
  });

  it("are the given ones", () => {
    expect(connectionLimits(1_024, { strangers: 10 })).toEqual({
      all: 896,
      strangers: 10,
      strangersPerAddress: 5,
    });
    const all = { all: 5, strangers: 4, strangersPerAddress: 3 };
    expect(connectionLimits(1_024, all)).toEqual(all);
  });
});

describe("connections", () => {
  const opened: Connections[] = [];
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });

  function counted(limits: Partial<ConnectionLimits> = {}) {
    const time = { now: 0 };
    const lines: Record<string, unknown>[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const connections = new Connections({
      limits: { all: 100, strangers: 10, strangersPerAddress: 5, ...limits },
      log,
      clock: () => time.now,
    });
    opened.push(connections);
    const closed: string[] = [];
    const enter = (address: string | undefined, name = "") =>
      connections.enter(address, () => closed.push(name));
    return { connections, time, lines, closed, enter };
  }

  it("of one source are rejected above the limit, those of others are not", () => {
    const { enter, connections } = counted();
    const five = Array.from({ length: 5 }, (_, i) => enter(`2001:db8::${i}`));
    expect(five.every((visit) => visit !== undefined)).toBe(true);
    expect(enter("2001:db8::ffff")).toBeUndefined();
    expect(enter("2001:db8:1::1")).toBeDefined();
    five[0]?.leave();
    five[0]?.leave();
    expect(enter("2001:db8::ffff")).toBeDefined();
    expect(connections.size).toBe(6);
  });

  it("of strangers make room for others, the longest silent one first", () => {
    const { enter, closed, time } = counted();
    for (let i = 0; i < 10; i++) {
      time.now = i;
      const visit = enter(`192.0.2.${i}`, `${i}`);
      if (i === 0) visit?.heard();
      if (i === 1) visit?.letIn();
    }
    expect(closed).toEqual([]);
    enter("198.51.100.1");
    expect(closed).toEqual([]);
    enter("198.51.100.2");
    enter("198.51.100.3");
    expect(closed).toEqual(["2", "3"]);
  });

  it("with credentials never make room, and a new one waits for none of them", () => {
    const { enter, closed } = counted({ all: 3, strangers: 3 });
    for (const address of ["192.0.2.1", "192.0.2.2"]) enter(address, address)?.letIn();
    enter("192.0.2.3", "stranger");
    expect(enter("192.0.2.4")).toBeDefined();
    expect(closed).toEqual(["stranger"]);
    const { enter: again } = counted({ all: 2 });
    for (const address of ["192.0.2.1", "192.0.2.2"]) again(address)?.letIn();
    expect(again("192.0.2.3")).toBeUndefined();
  });

  it("are a stranger's again once their request is answered", () => {
    const { enter, connections } = counted();
    const visit = enter("192.0.2.1");
    visit?.letIn();
    expect(connections.strangers).toBe(0);
    visit?.heard();
    expect(connections.strangers).toBe(1);
    visit?.leave();
    visit?.heard();
    visit?.letIn();
    expect([connections.size, connections.strangers]).toEqual([0, 0]);
  });

  it("of a trusted proxy only count in all", () => {
    const { enter, connections } = counted({ all: 20 });
    const visits = Array.from({ length: 20 }, () => enter(undefined));
    expect(visits.every((visit) => visit !== undefined)).toBe(true);
    expect(enter(undefined)).toBeUndefined();
    visits[0]?.leave();
    visits[0]?.leave();
    expect(connections.size).toBe(19);
  });

  it("are closed when no request comes in time", () => {
    const { connections, enter, closed, time } = counted();
    enter("192.0.2.1", "silent");
    enter("192.0.2.2", "heard")?.heard();
    enter("192.0.2.3", "let in")?.letIn();
    time.now = 9_999;
    connections.tick();
    expect(closed).toEqual([]);
    time.now = 10_000;
    connections.tick();
    expect(closed).toEqual(["silent"]);
    time.now = 60_000;
    connections.tick();
    expect(closed).toEqual(["silent", "heard"]);
    time.now = 1e9;
    connections.tick();
    expect(connections.size).toBe(1);
  });

  it("that were rejected are logged once a minute, counted by reason", () => {
    const { connections, enter, lines, time } = counted();
    for (let i = 0; i < 8; i++) enter("192.0.2.1");
    connections.tick();
    for (let i = 0; i < 8; i++) enter("192.0.2.1");
    time.now = 9_000;
    connections.tick();
    expect(lines).toMatchObject([{ level: 40, too_many_of_address: 3, open: 5, strangers: 5 }]);
    time.now = 69_000;
    connections.tick();
    expect(lines[1]).toMatchObject({ too_many_of_address: 8, too_late: 5 });
  });

  it("are counted correctly in any order of events", () => {
    const event = fc.record({
      kind: fc.constantFrom("enter", "heard", "letIn", "leave"),
      address: fc.constantFrom("2001:db8::1", "2001:db8::2", "192.0.2.1", undefined),
      which: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const { connections } = counted({ all: 12, strangers: 6, strangersPerAddress: 4 });
        const here = new Set<{ visit: Visit | undefined }>();
        for (const { kind, address, which } of events) {
          const one = [...here][which];
          if (kind === "enter") {
            const entry: { visit: Visit | undefined } = { visit: undefined };
            entry.visit = connections.enter(address, () => here.delete(entry));
            if (entry.visit !== undefined) here.add(entry);
          } else if (kind === "leave" && one !== undefined) {
            here.delete(one);
            one.visit?.leave();
          } else if (kind === "heard") one?.visit?.heard();
          else if (kind === "letIn") one?.visit?.letIn();
          expect(connections.size).toBe(here.size);
          expect(connections.size).toBeLessThanOrEqual(12);
        }
        for (const { visit } of here) visit?.leave();
        expect([connections.size, connections.strangers]).toEqual([0, 0]);
        for (let i = 0; i < 4; i++) expect(connections.enter("2001:db8::3", () => {})).toBeDefined();
      }),
    );
  });
});

/** Silent TCP connections. */
class Silent implements Disposable {
  readonly sockets: Socket[] = [];

  /** Opens some from a loopback address, and waits until each is connected or closed. */
  async open(relay: RelayProcess, count: number, localAddress: string): Promise<void> {
    const { hostname, port } = new URL(relay.url);
    const opening = Array.from({ length: count }, async () => {
      const socket = connect({ host: hostname, port: Number(port), localAddress });
      this.sockets.push(socket);
      socket.resume();
      await new Promise<void>((resolve) => {
        socket.once("connect", () => resolve());
        socket.once("error", () => resolve());
      });
    });
    await Promise.all(opening);
  }

  get alive(): number {
    return this.sockets.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded).length;
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

underEachRuntime("silent connections", (runtime) => {
  it("of one address, and of many, leave room for a member, and are closed soon", async () => {
    const args = ["--max-connections", "400", "--max-strangers", "100", "--max-strangers-per-address", "40"];
    await using relay = await RelayProcess.start(runtime, { args });
    const { token, vni } = await relay.network();
    await using member = await TunnelClient.joined(relay.url, token, vni, { localAddress: "127.0.0.2" });
    using silent = new Silent();
    await silent.open(relay, 600, "127.0.0.1");
    await expect.poll(() => silent.alive).toBeLessThanOrEqual(40);
    await using second = await TunnelClient.joined(relay.url, token, vni, { localAddress: "127.0.0.3" });
    for (let i = 0; i < 10; i++) await silent.open(relay, 40, `127.0.1.${i}`);
    await expect.poll(() => silent.alive).toBeLessThanOrEqual(100);
    await using third = await TunnelClient.joined(relay.url, token, vni, { localAddress: "127.0.0.4" });
    for (const one of [member, second, third]) await one.sync();
    // None of them has sent a byte: ten seconds, plus the delays of a busy machine.
    await expect.poll(() => silent.alive, { timeout: 30_000, interval: 500 }).toBe(0);
    for (const one of [member, second, third]) await one.sync();
    const { stderr } = await relay.stop();
    expect(stderr).toContain("connections were turned away");
    expect(stderr).toContain('"too_many_of_address"');
  });
});

describe.runIf(requires("root", "ip", "netns"))("silent connections from one /64 of IPv6", () => {
  it("are limited as from one address, whatever addresses of it they use", async () => {
    const program = join(import.meta.dirname, "ipv6-sources.ts");
    const { stdout } = await promisify(execFile)("unshare", ["--net", process.execPath, program]);
    expect(JSON.parse(stdout)).toEqual({ open: 10, joined: true });
  });
});

describe("a relay with hardly any descriptors", () => {
  it("continues, and logs that none is left", async () => {
    const script =
      'ulimit -n 64; exec "$0" "$@" --max-connections 5000 --max-strangers 5000 --max-strangers-per-address 5000';
    const starved = { name: NODE.name, command: "sh", args: ["-c", script, NODE.command, ...NODE.args] };
    await using relay = await RelayProcess.start(starved);
    const { token, vni } = await relay.network();
    await using member = await TunnelClient.joined(relay.url, token, vni);
    {
      using silent = new Silent();
      await silent.open(relay, 200, "127.0.0.1");
      await delay(3_000);
      await member.sync();
    }
    await expect
      .poll(
        async () =>
          await TunnelClient.joined(relay.url, token, vni).then(
            async (late) => {
              await late[Symbol.asyncDispose]();
              return true;
            },
            () => false,
          ),
        { timeout: 30_000, interval: 200 },
      )
      .toBe(true);
    await member.sync();
    const { stderr } = await relay.stop();
    expect(stderr.match(/no descriptors are left/g)).toHaveLength(1);
  });
});
