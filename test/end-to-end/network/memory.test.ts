import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { describe, expect, it } from "vitest";
import { tokenCredentials } from "../../../desktop/agent/identity/credentials.ts";
import { TunnelClient } from "../../../desktop/agent/tunnel/tunnel-client.ts";
import { frameBytes } from "../../shared/switch/ports.ts";
import { startRelay } from "../../support/network/lab.ts";
import { MemoryNetwork } from "../../support/network/memory.ts";

const BROADCAST = 0xffffffffffff;

describe("machines on one segment", () => {
  it("reach each other by unicast once they are known, and all by broadcast", async () => {
    await using relay = await startRelay();
    await using network = new MemoryNetwork();
    const token = await relay.token();
    const [a, b, c] = ["a", "b", "c"].map((name) => network.host(name, relay.url, token));
    if (a === undefined || b === undefined || c === undefined) throw new Error("three hosts were made");
    for (const host of [a, b, c]) await host.until(({ events }) => events.includes("up"));
    const question = Uint8Array.from(frameBytes(BROADCAST, a.mac, 1));
    a.send(question);
    for (const host of [b, c]) await host.until(({ received }) => received.length === 1);
    const answer = Uint8Array.from(frameBytes(a.mac, b.mac, 2));
    b.send(answer);
    await a.until(({ received }) => received.length === 1);
    const last = Uint8Array.from(frameBytes(BROADCAST, b.mac, 3));
    b.send(last);
    await c.until(({ received }) => received.length === 2);
    expect(a.received[0]).toEqual(answer);
    expect(c.received).toEqual([question, last]);
  });

  it("get a whole burst in order, also of the largest frames", async () => {
    await using relay = await startRelay();
    await using network = new MemoryNetwork();
    const token = await relay.token();
    const a = network.host("a", relay.url, token);
    const b = network.host("b", relay.url, token);
    for (const host of [a, b]) await host.until(({ events }) => events.includes("up"));
    const sizes = [60, 1_514, 9_014, 65_550, 60, ...new Array<number>(200).fill(200)];
    const frames = sizes.map((size, i) => {
      const frame = new Uint8Array(size).fill(i);
      frame.set(frameBytes(b.mac, a.mac));
      return frame;
    });
    for (const frame of frames) a.send(frame);
    await b.until(({ received }) => received.length === frames.length);
    expect(b.received.every((frame, i) => Buffer.compare(frame, frames[i] ?? new Uint8Array(0)) === 0)).toBe(
      true,
    );
  });

  it("return after the relay was killed, with the same interfaces", async () => {
    await using relay = await startRelay();
    await using network = new MemoryNetwork();
    const token = await relay.token();
    const a = network.host("a", relay.url, token);
    const b = network.host("b", relay.url, token);
    for (const host of [a, b]) await host.until(({ events }) => events.includes("up"));
    await relay.restart("SIGKILL");
    const ups = (events: readonly string[]) => events.filter((event) => event === "up").length;
    for (const host of [a, b]) await host.until(({ events }) => ups(events) === 2);
    a.send(Uint8Array.from(frameBytes(BROADCAST, a.mac, 1)));
    await b.until(({ received }) => received.length === 1);
    expect(a.events[0]).toBe("up");
    expect(a.events[1]).toContain("reconnecting");
    expect(a.events).not.toContain("down");
  });
});

describe("an agent", () => {
  it("stops and says why when its token is revoked", async () => {
    await using relay = await startRelay();
    await using network = new MemoryNetwork();
    const { id, token } = await relay.create("token", "create");
    const host = network.host("a", relay.url, String(token));
    await host.until(({ events }) => events.includes("up"));
    await relay.admin("token", "revoke", String(id));
    await expect(host.ended).rejects.toMatchObject({ code: "tunnel.closed-4003" });
    expect(host.events.at(-1)).toBe("down");
  });

  it("refuses a network that its token does not allow, and lists the allowed ones", async () => {
    await using relay = await startRelay();
    await using network = new MemoryNetwork();
    const host = network.host("a", relay.url, await relay.token(), ["cellar"]);
    await expect(host.ended).rejects.toMatchObject({
      code: "network.unknown",
      message: /'cellar'/,
      hint: /lan/,
    });
  });

  it("stops at a wrong token", async () => {
    await using relay = await startRelay();
    await using network = new MemoryNetwork();
    await expect(network.host("a", relay.url, "no-such-token").ended).rejects.toMatchObject({
      code: "tunnel.closed-4001",
    });
  });

  it("stops when its TAP is deleted by another program", async () => {
    await using relay = await startRelay();
    await using network = new MemoryNetwork();
    const host = network.host("a", relay.url, await relay.token());
    await host.until(({ events }) => events.includes("up"));
    host.deleteTap();
    await expect(host.ended).rejects.toMatchObject({ code: "tap.gone" });
  });
});

describe("a server that is no relay", () => {
  const httpServer = (status: number) =>
    createServer((_request, response) => response.writeHead(status).end("hello"));
  const babbler = () =>
    createTcpServer((socket) => void socket.on("error", () => {}).end("220 mail.example ESMTP\r\n"));

  it.each<[string, () => Server]>([
    ["a web server that knows no such page", () => httpServer(404)],
    ["a web server that answers everything", () => httpServer(200)],
    ["a mail server", babbler],
  ])("is distinguished from an unreachable one: %s", async (_what, make) => {
    await using server = await listening(make());
    await using network = new MemoryNetwork();
    const host = network.host("a", server.url, "token");
    // A portal may answer in the relay's place, so the client retries.
    await host.until(({ events }) => events.filter((event) => event.includes("is not a Laneway")).length > 1);
  });

  it("is retried while a proxy reports that its upstream is down", async () => {
    await using server = await listening(httpServer(503));
    await using network = new MemoryNetwork();
    const host = network.host("a", server.url, "token");
    await host.until(({ events }) => events.filter((event) => event.includes("HTTP 503")).length > 1);
    expect(host.events).not.toContain("down");
  });
});

it("a client that is told to end while nothing answers ends", async () => {
  await using server = await listening(createTcpServer(() => {}));
  const stop = new AbortController();
  const client = new TunnelClient({
    relay: new URL(server.url),
    credentials: tokenCredentials("token"),
    offload: true,
    framing: "own",
    networks: [],
    events: { up: () => {}, notice: () => {}, reconnecting: () => {}, down: () => {} },
    interfaces: {
      open: () => Promise.reject(new Error("nothing was joined")),
      reached: async () => {},
      close: async () => {},
    },
  });
  const ended = client.run(stop.signal);
  await server.connected;
  stop.abort();
  await expect(ended).resolves.toBeUndefined();
});

async function listening(
  server: Server,
): Promise<AsyncDisposable & { url: string; connected: Promise<unknown> }> {
  const connected = new Promise((resolve) => server.once("connection", resolve));
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connected,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
