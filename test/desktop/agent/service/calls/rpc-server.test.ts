import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RpcClient } from "../../../../../desktop/rpc/client.ts";
import { REQUEST_BYTES, RpcCode } from "../../../../../desktop/rpc/message.ts";
import { statusSocket } from "../../../../../desktop/rpc/socket-path.ts";
import { Fault } from "../../../../../shared/values/fault.ts";
import { makeServer, RawCaller, RpcDouble } from "../rpc-double.ts";

/** Allows no caller to change anything, not even this process. */
const nobody = { mayChange: () => false };
/** Returns the expected answer with an error. */
const error = (id: number | null, code: number, told: string) => ({
  jsonrpc: "2.0",
  id,
  error: {
    code,
    message: expect.any(String),
    data: { code: told, hint: expect.any(String), exit_code: expect.any(Number) },
  },
});

describe("the agent's socket", () => {
  it("is writable for its user and group, and readable for all", async () => {
    await using double = await RpcDouble.start({});
    expect(statSync(double.socket).mode & 0o777).toBe(0o660);
    expect(statSync(statusSocket(double.socket)).mode & 0o777).toBe(0o666);
    expect(statSync(double.socket).uid).toBe(process.getuid?.());
  });

  it("answers a typed caller, and sends it the topics it follows", async () => {
    await using double = await RpcDouble.start({
      "settings.get": () => ({ log_level: "warn" }),
      subscribe: ({ topics }, caller) => {
        caller.follow(topics);
        return {};
      },
    });
    const client = await RpcClient.connect({ socket: double.socket, client: "test" });
    expect(client.hello.may_change).toBe(true);
    expect(await client.call("settings.get", {})).toEqual({ log_level: "warn" });
    const heard: string[] = [];
    client.on("log", ({ message }) => heard.push(message));
    await client.call("subscribe", { topics: ["logs"] });
    const entry = { at: "", level: "info", code: "network.up", network: null } as const;
    double.server.tell("logs", "log", { ...entry, message: "followed" });
    double.server.tell("traffic", "traffic", { at: "", networks: [] });
    await expect.poll(() => heard).toEqual(["followed"]);
    client.close();
    await client.closed;
    await expect(client.call("settings.get", {})).rejects.toMatchObject({ code: "agent.gone" });
  });

  it("reports faults as they are, and of bugs only that there was one", async () => {
    const fault = new Fault({ code: "network.unknown", message: "no 'x'", hint: "do this", exitCode: 2 });
    const secret = new Error("with a secret in it");
    await using double = await RpcDouble.start({
      status: () => Promise.reject(fault),
      "settings.get": () => Promise.reject(secret),
    });
    const client = await RpcClient.connect({ socket: double.socket, client: "test" });
    const { code, message, hint, exitCode } = fault;
    await expect(client.call("status", {})).rejects.toMatchObject({ code, message, hint, exitCode });
    const told = await client.call("settings.get", {}).catch((thrown: unknown) => thrown);
    expect(told).toMatchObject({ code: "agent.internal" });
    expect(JSON.stringify(told)).not.toContain("secret");
    expect(double.mistakes).toEqual([secret]);
    client.close();
  });

  it("answers an invalid request with an error, and continues", async () => {
    await using double = await RpcDouble.start({ status: () => ({ networks: [] }) });
    using caller = new RawCaller(double.socket);
    caller.say("GET / HTTP/1.1");
    caller.say('{"jsonrpc":"2.0","method":"status"}');
    caller.say('{"jsonrpc":"1.0","id":7,"method":"status"}');
    caller.say("[]");
    caller.call(1, "status");
    caller.call(2, "constructor");
    caller.call(3, "hello", { version: 99, client: "test" });
    caller.call(4, "hello", { client: "test" });
    caller.hello();
    caller.call(5, "wake", { network: "lan" });
    caller.call(6, "status");
    await expect.poll(() => caller.heard.length).toBe(11);
    expect(caller.heard).toEqual([
      error(null, RpcCode.notJson, "agent.malformed"),
      error(null, RpcCode.notARequest, "agent.malformed"),
      error(7, RpcCode.notARequest, "agent.malformed"),
      error(null, RpcCode.notARequest, "agent.malformed"),
      error(1, RpcCode.fault, "agent.version"),
      error(2, RpcCode.unknownMethod, "agent.unknown-method"),
      error(3, RpcCode.fault, "agent.version"),
      error(4, RpcCode.invalidParams, "agent.invalid-params"),
      { jsonrpc: "2.0", id: 0, result: expect.objectContaining({ version: 1 }) },
      error(5, RpcCode.invalidParams, "agent.invalid-params"),
      { jsonrpc: "2.0", id: 6, result: { networks: [] } },
    ]);
  });

  it("accepts a line up to its limit, rejects a longer one before its end, and continues after it", async () => {
    await using double = await RpcDouble.start({ status: () => ({ networks: [] }) });
    using caller = new RawCaller(double.socket);
    caller.hello();
    const head = '{"jsonrpc":"2.0","id":1,"method":"status","params":{},"more":"';
    caller.say(`${head}${"x".repeat(REQUEST_BYTES - head.length - 2)}"}`);
    await expect.poll(() => caller.heard.length).toBe(2);
    caller.socket.write("y".repeat(1_048_576));
    await expect.poll(() => caller.heard.length).toBe(3);
    caller.say("");
    caller.call(2, "status");
    await expect.poll(() => caller.heard.length).toBe(4);
    expect(caller.heard.slice(1)).toEqual([
      { jsonrpc: "2.0", id: 1, result: { networks: [] } },
      error(null, RpcCode.notARequest, "agent.too-big"),
      { jsonrpc: "2.0", id: 2, result: { networks: [] } },
    ]);
  });

  it("allows callers without the right to change things only to read", async () => {
    let downs = 0;
    const methods = {
      status: () => ({ networks: [] }),
      down: () => {
        downs++;
        return { networks: [] };
      },
    };
    await using double = await RpcDouble.start(methods, nobody);
    for (const socket of [double.socket, statusSocket(double.socket)]) {
      const client = await RpcClient.connect({ socket, client: "test" });
      expect(client.hello.may_change).toBe(false);
      expect(await client.call("status", {})).toEqual({ networks: [] });
      await expect(client.call("down", {})).rejects.toMatchObject({ code: "agent.forbidden" });
      client.close();
    }
    expect(downs).toBe(0);
  });

  it("limits read-only callers of one user, and has room again when one leaves", async () => {
    await using double = await RpcDouble.start({}, nobody);
    const callers = Array.from({ length: 16 }, () => new RawCaller(double.socket));
    for (const caller of callers) caller.hello();
    await expect.poll(() => callers.every(({ heard }) => heard.length === 1)).toBe(true);
    using more = new RawCaller(double.socket);
    await more.ended;
    callers.pop()?.[Symbol.dispose]();
    const again = async () => {
      const client = await RpcClient.connect({ socket: double.socket, client: "test" }).catch(
        () => undefined,
      );
      client?.close();
      return client !== undefined;
    };
    await expect.poll(again).toBe(true);
    for (const caller of callers) caller[Symbol.dispose]();
  });

  it("does so many things for one caller at once", async () => {
    const { promise, resolve } = Promise.withResolvers<{ networks: [] }>();
    await using double = await RpcDouble.start({ status: () => promise });
    using caller = new RawCaller(double.socket);
    caller.hello();
    for (let id = 1; id <= 17; id++) caller.call(id, "status");
    await expect.poll(() => caller.heard.length).toBe(2);
    expect(caller.heard[1]).toEqual(error(17, RpcCode.fault, "agent.busy"));
    resolve({ networks: [] });
    await expect.poll(() => caller.heard.length).toBe(18);
  });

  it("disconnects a caller that reads too slowly, and first skips messages that may be lost", async () => {
    let work: ((lost: boolean) => boolean) | undefined;
    await using double = await RpcDouble.start({
      "capture.start": (_given, { jobs }) => ({
        job: jobs.start(
          (job) =>
            new Promise(() => {
              const piece = new Uint8Array(64 * 1024);
              work = (lost) => {
                if (lost) return job.capture(piece, 1, 0);
                job.progress({
                  id: "x".repeat(100_000),
                  state: "running",
                  detail: null,
                  hint: null,
                  value: null,
                  unit: null,
                  progress: null,
                });
                return true;
              };
            }),
        ),
      }),
    });
    using caller = new RawCaller(double.socket);
    caller.hello();
    caller.call(1, "capture.start", { network: "lan" });
    await expect.poll(() => caller.heard.length).toBe(2);
    caller.socket.pause();
    let sent = 0;
    while (work?.(true) === true) sent++;
    // The kernel's buffer of a unix socket comes before the queue here.
    expect(sent).toBeGreaterThan(2);
    expect(sent).toBeLessThan(100);
    for (let i = 0; i < 100; i++) work?.(false);
    caller.socket.resume();
    await caller.ended;
  });

  it("is not taken from an agent that runs, and is from one that was killed", async () => {
    await using double = await RpcDouble.start({});
    const second = await makeServer(double.socket);
    await expect(second.listen()).rejects.toMatchObject({ code: "agent.running-already" });
    const client = await RpcClient.connect({ socket: double.socket, client: "test" });
    client.close();

    const directory = await mkdtemp(join(tmpdir(), "laneway-stale-"));
    try {
      const socket = join(directory, "agent.sock");
      leaveStale(socket);
      const server = await makeServer(socket);
      await server.listen();
      await server.close();
      // A file that is no socket must not be removed.
      writeFileSync(socket, "precious");
      await expect((await makeServer(socket)).listen()).rejects.toMatchObject({ code: "agent.socket" });
      expect(readFileSync(socket, "utf8")).toBe("precious");
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

/** Leaves a socket's file without a listener. */
function leaveStale(path: string): void {
  const script = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  try {
    execFileSync(process.execPath, ["-e", script, path], { stdio: "ignore" });
  } catch {
    // It was killed, as expected.
  }
  expect(statSync(path).isSocket()).toBe(true);
}
