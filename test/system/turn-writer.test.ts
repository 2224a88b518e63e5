import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { describe, expect, it, vi } from "vitest";
import { TurnWriter } from "../../system/turn-writer.ts";

/** With a shared key, TLS needs no certificate. */
const KEY = { psk: Buffer.alloc(32, 7), identity: "test" };
const TLS = { ciphers: "PSK+HIGH", maxVersion: "TLSv1.2" } as const;

const linux = process.platform === "linux";

/** A message whose bytes all identify it. */
const message = (number: number, length: number) => new Uint8Array(length).fill(number % 251);

/** The message lengths of a turn: none, one byte, typical ones, and some that no socket takes at once. */
const LENGTHS = [1, 0, 64, 65, 1_514, 100_000, 3, 2_000_000, 17];

describe.each(["plain", "tls"] as const)("what is written to a %s socket", (kind) => {
  it("arrives whole and in order, however much of it the kernel takes, and is released once", async () => {
    await withPair(kind, async (socket, peer) => {
      const writer = new TurnWriter(socket);
      const received = collect(peer);
      const sent: Uint8Array[] = [];
      const taken: number[] = [];
      const turns = 6;
      let left = turns * LENGTHS.length;
      await new Promise<void>((done) => {
        const turn = (number: number) => {
          for (const [i, length] of LENGTHS.entries()) {
            const index = number * LENGTHS.length + i;
            const bytes = message(index, length);
            sent.push(bytes);
            writer.write(bytes, () => {
              taken.push(index);
              left--;
              if (left === 0) done();
            });
          }
          if (number + 1 < turns) setImmediate(turn, number + 1);
        };
        turn(0);
      });
      expect(taken).toEqual(sent.map((_, index) => index));
      const whole = Buffer.concat(sent);
      await vi.waitFor(() => expect(received.length()).toBe(whole.length), 10_000);
      expect(received.bytes().equals(whole)).toBe(true);
    });
  });

  it("arrives in order with more messages than one system call takes", async () => {
    await withPair(kind, async (socket, peer) => {
      const writer = new TurnWriter(socket);
      const received = collect(peer);
      const sent = Array.from({ length: 1_000 }, (_, i) => message(i, 1 + (i % 7)));
      for (const bytes of sent) writer.write(bytes);
      const whole = Buffer.concat(sent);
      await vi.waitFor(() => expect(received.length()).toBe(whole.length), 10_000);
      expect(received.bytes().equals(whole)).toBe(true);
    });
  });

  it("follows what was written to the socket before", async () => {
    await withPair(kind, async (socket, peer) => {
      const received = collect(peer);
      socket.write(message(1, 4_000_000));
      const writer = new TurnWriter(socket);
      writer.write(message(2, 10));
      writer.flush();
      await vi.waitFor(() => expect(received.length()).toBe(4_000_010), 10_000);
      expect(
        received
          .bytes()
          .subarray(0, 4_000_000)
          .every((byte) => byte === 1),
      ).toBe(true);
      expect(received.bytes().subarray(4_000_000)).toEqual(Buffer.alloc(10, 2));
    });
  });

  it("is sent by a flush before the socket ends, and not again", async () => {
    await withPair(kind, async (socket, peer) => {
      const received = collect(peer);
      const ended = new Promise((resolve) => peer.once("end", resolve));
      const writer = new TurnWriter(socket);
      const taken = vi.fn();
      writer.write(message(9, 100_000), taken);
      writer.flush();
      socket.end();
      await ended;
      expect(received.bytes()).toEqual(Buffer.alloc(100_000, 9));
      expect(taken).toHaveBeenCalledOnce();
    });
  });

  it("is released if the socket was destroyed, and written nowhere", async () => {
    await withPair(kind, async (socket, peer) => {
      const received = collect(peer);
      const writer = new TurnWriter(socket);
      const closed = new Promise((resolve) => peer.once("close", resolve));
      const taken = new Promise<void>((resolve) => writer.write(message(9, 10), () => resolve()));
      socket.destroy();
      await taken;
      await closed;
      expect(received.length()).toBe(0);
    });
  });
});

describe.runIf(linux)("a plain socket of Linux", () => {
  it("is written to directly, bypassing its stream", async () => {
    await withPair("plain", async (socket, peer) => {
      const received = collect(peer);
      const stream = vi.spyOn(socket, "write");
      const writer = new TurnWriter(socket);
      const taken = vi.fn();
      writer.write(message(1, 100));
      writer.write(message(2, 100), taken);
      // Only at the end of the turn.
      expect(taken).not.toHaveBeenCalled();
      await vi.waitFor(() => expect(received.length()).toBe(200));
      expect(taken).toHaveBeenCalledOnce();
      expect(stream).not.toHaveBeenCalled();
    });
  });

  it("reports a broken connection as any other socket", async () => {
    await withPair("plain", async (socket, peer) => {
      socket.pause();
      peer.resetAndDestroy();
      const failed = new Promise<NodeJS.ErrnoException>((resolve) => socket.once("error", resolve));
      const writer = new TurnWriter(socket);
      const again = setInterval(() => writer.write(message(1, 1_000)), 5);
      const { code } = await failed.finally(() => clearInterval(again));
      expect(["EPIPE", "ECONNRESET"]).toContain(code);
    });
  });
});

/** Bytes that a socket has received so far. */
function collect(socket: Socket): { length(): number; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  let length = 0;
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  return { length: () => length, bytes: () => Buffer.concat(chunks) };
}

/** Two ends of a connection, closed after `use`. */
async function withPair(
  kind: "plain" | "tls",
  use: (socket: Socket, peer: Socket) => Promise<void>,
): Promise<void> {
  const server = kind === "tls" ? createTlsServer({ ...TLS, pskCallback: () => KEY.psk }) : createServer();
  const accepted = new Promise<Socket>((resolve) =>
    server.once(kind === "tls" ? "secureConnection" : "connection", resolve),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const peer =
    kind === "tls"
      ? connectTls({
          ...TLS,
          port,
          host: "127.0.0.1",
          pskCallback: () => KEY,
          checkServerIdentity: () => undefined,
        })
      : connect(port, "127.0.0.1");
  const socket = await accepted;
  socket.on("error", () => {});
  peer.on("error", () => {});
  try {
    await use(socket, peer);
  } finally {
    socket.destroy();
    peer.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}
