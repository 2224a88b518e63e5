import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { UpgradeRefused } from "../../../system/websocket/connect.ts";
import { FRAMINGS } from "../../../system/websocket/framing.ts";
import { dial, Listener } from "./pair.ts";

interface Listening extends AsyncDisposable {
  readonly url: URL;
  /** Settles when the first connection arrives, and then when it is gone. */
  readonly connected: Promise<Socket>;
  readonly gone: Promise<void>;
}

async function listening(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  const connected = Promise.withResolvers<Socket>();
  const gone = Promise.withResolvers<void>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => gone.resolve());
    connected.resolve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    connected: connected.promise,
    gone: gone.promise,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A server that always answers the same. */
function saying(text: string): Server {
  return createServer((socket) => {
    socket.once("data", () => socket.write(text));
  });
}

const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n";

describe.each(FRAMINGS)("connecting, framing by %s,", (framing) => {
  it.each([200, 301, 404, 503])("is refused by status %d", async (status) => {
    await using server = await listening(
      createHttpServer((_request, response) => response.writeHead(status, { location: "/" }).end("no")),
    );
    const refused = dial(server.url, framing);
    await expect(refused).rejects.toBeInstanceOf(UpgradeRefused);
    await expect(refused).rejects.toMatchObject({ status });
    await server.gone;
  });

  it("fails with the system's error if no process listens", async () => {
    const { url } = await (async () => {
      await using server = await listening(createServer());
      return server;
    })();
    await expect(dial(url, framing)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it.each([
    ["does not speak HTTP", "220 mail.example ESMTP\r\n"],
    ["answers for another key", `${SWITCHING}sec-websocket-accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n`],
    ["answers without a key", `${SWITCHING}\r\n`],
  ])("fails if the other end %s", async (_what, text) => {
    await using server = await listening(saying(text));
    await expect(dial(server.url, framing)).rejects.toThrow();
    await server.gone;
  });

  it("fails if the other end hangs up", async () => {
    await using server = await listening(createServer((socket) => socket.end()));
    await expect(dial(server.url, framing)).rejects.toThrow();
  });

  it("throws the signal's reason if it was already aborted", async () => {
    await using server = await listening(createServer());
    const reason = new Error("never mind");
    await expect(dial(server.url, framing, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("throws the signal's reason, and hangs up, if it is aborted while no answer comes", async () => {
    await using server = await listening(createServer((socket) => socket.resume()));
    const reason = new Error("never mind");
    const controller = new AbortController();
    const opening = dial(server.url, framing, { signal: controller.signal });
    const rejected = expect(opening).rejects.toBe(reason);
    await server.connected;
    controller.abort(reason);
    await rejected;
    await server.gone;
  });

  it("ignores a signal that comes after it has opened", async () => {
    await using listener = await Listener.start({ framing });
    const controller = new AbortController();
    const end = await dial(listener.url, framing, { signal: controller.signal });
    controller.abort();
    end.socket.sendText("still there");
    expect(await (await listener.first()).end.heard(1)).toEqual(["still there"]);
    end.socket.terminate();
  });

  it.each<[string, () => Server]>([
    ["does not answer", () => createServer((socket) => socket.resume())],
    [
      "answers a byte at a time, without an end",
      () =>
        createServer((socket) => {
          socket.resume();
          socket.write(`${SWITCHING}x-padding: `);
          const more = setInterval(() => socket.write("x"), 20);
          socket.on("close", () => clearInterval(more));
        }),
    ],
  ])("gives up, and hangs up, after too long because the other end %s", async (_what, make) => {
    await using server = await listening(make());
    await expect(dial(server.url, framing, { timeoutMs: 300 })).rejects.toThrow(/300 ms/);
    await server.gone;
  });

  it("keeps an open connection that is silent for longer than the time limit of opening", async () => {
    await using listener = await Listener.start({ framing });
    const end = await dial(listener.url, framing, { timeoutMs: 2_000 });
    await delay(2_500);
    end.socket.sendText("still there");
    const server = (await listener.first()).end;
    expect(await server.heard(1)).toEqual(["still there"]);
    server.socket.sendText("and you?");
    expect(await end.heard(1)).toEqual(["and you?"]);
    end.socket.terminate();
  });

  it("passes on the connection below once, before it is open", async () => {
    await using listener = await Listener.start({ framing });
    const order: string[] = [];
    const end = await dial(listener.url, framing, {
      prepare: (socket) => order.push(`prepare port ${socket.remotePort}`),
      opened: () => order.push("opened"),
    });
    expect(order).toEqual([`prepare port ${listener.port}`, "opened"]);
    end.socket.terminate();
  });

  it("fails if the server speaks another subprotocol", async () => {
    await using listener = await Listener.start({ framing });
    await expect(dial(listener.url, framing, { subprotocol: "other.v1" })).rejects.toThrow(/subprotocol/);
    expect((await listener.first()).subprotocol).toBe(false);
  });
});
