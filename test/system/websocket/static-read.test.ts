import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { READ_BYTES, readBuffer, readInto } from "../../../system/websocket/static-read.ts";

/** With a shared key, TLS needs no certificate. */
const PSK = { psk: Buffer.alloc(32, 7), identity: "test" };
const TLS = { ciphers: "PSK+HIGH", maxVersion: "TLSv1.2" } as const;

interface Kind {
  readonly name: string;
  readonly server: () => Server;
  readonly dial: (port: number) => Socket;
  readonly accepted: string;
}

const KINDS: readonly Kind[] = [
  {
    name: "plain",
    server: () => createServer({ allowHalfOpen: true }),
    dial: (port) => connect(port, "127.0.0.1"),
    accepted: "connection",
  },
  {
    name: "TLS",
    server: () => createTlsServer({ ...TLS, pskCallback: () => PSK.psk }),
    dial: (port) =>
      connectTls({
        ...TLS,
        port,
        host: "127.0.0.1",
        pskCallback: () => PSK,
        checkServerIdentity: () => undefined,
      }),
    accepted: "secureConnection",
  },
];

/** A server that passes each connection to `accepted`, with `count` clients that write the bytes of `send` and end. */
async function exchange(
  kind: Kind,
  count: number,
  send: (client: Socket, i: number) => Promise<void>,
  accepted: (socket: Socket) => Promise<void>,
): Promise<void> {
  const server = kind.server();
  const sockets: Socket[] = [];
  const served: Promise<void>[] = [];
  const all = Promise.withResolvers<void>();
  server.on(kind.accepted, (socket: Socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    served.push(accepted(socket));
    if (served.length === count) all.resolve();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const clients = Array.from({ length: count }, () => kind.dial((server.address() as AddressInfo).port));
    sockets.push(...clients);
    await Promise.all([
      ...clients.map(async (client, i) => {
        await send(client, i);
        client.end();
      }),
      all.promise.then(() => Promise.all(served)),
    ]);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}

describe.each(KINDS)("reading into one buffer, $name", (kind) => {
  it("works with this runtime: the bytes read lie in the given buffer", async () => {
    const buffer = readBuffer();
    expect(buffer).toHaveLength(READ_BYTES);
    let read = "";
    await exchange(
      kind,
      1,
      (client) => write(client, Buffer.from("hello")),
      async (socket) => {
        const into: Uint8Array[] = [];
        readInto(socket, buffer, (bytes, end) => {
          into.push(bytes);
          read += Buffer.from(bytes.subarray(0, end)).toString();
        });
        await once(socket, "end");
        expect(into.every((bytes) => bytes === buffer)).toBe(true);
      },
    );
    expect(read).toBe("hello");
  });

  it.each([64, 5_000, READ_BYTES])(
    "keeps the bytes of many sockets apart that share a buffer of %d bytes",
    async (size) => {
      const buffer = new Uint8Array(size);
      const count = 12;
      const total = size === 64 ? 30_000 : 1_000_000;
      const whole: number[] = [];
      await exchange(
        kind,
        count,
        async (client, i) => {
          // The number of the byte, then its client, in pieces that do not align.
          const bytes = new Uint8Array(total);
          for (let at = 0; at < total; at++) bytes[at] = at % 2 === 0 ? (at >> 1) & 0xff : i;
          for (let at = 0; at < total; at += 7_001) await write(client, bytes.subarray(at, at + 7_001));
        },
        async (socket) => {
          let at = 0;
          let whose = -1;
          let wrong = 0;
          readInto(socket, buffer, (bytes, end) => {
            if (bytes !== buffer) wrong++;
            for (let i = 0; i < end; i++, at++) {
              if (at === 1) whose = bytes[i] as number;
              if (bytes[i] !== (at % 2 === 0 ? (at >> 1) & 0xff : whose)) wrong++;
            }
          });
          await once(socket, "end");
          expect([at, wrong]).toEqual([total, 0]);
          whole.push(whose);
        },
      );
      expect(whole.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    },
  );

  // A full buffer means that there may be more to read at once.
  it.each([READ_BYTES, 3])("pauses and resumes, with a buffer of %d bytes", async (size) => {
    const buffer = new Uint8Array(size);
    const more = Promise.withResolvers<void>();
    await exchange(
      kind,
      1,
      async (client) => {
        await write(client, Buffer.from("one"));
        await more.promise;
        await write(client, Buffer.from("two"));
      },
      async (socket) => {
        let read = "";
        const first = Promise.withResolvers<void>();
        const reading = readInto(socket, buffer, (bytes, end) => {
          read += Buffer.from(bytes.subarray(0, end)).toString();
          if (read === "one") reading.pause();
          first.resolve();
        });
        await first.promise;
        more.resolve();
        for (let i = 0; i < 20; i++) await new Promise(setImmediate);
        expect(read).toBe("one");
        reading.resume();
        await once(socket, "end");
        expect(read).toBe("onetwo");
      },
    );
  });

  it("falls back to the ordinary way if the undocumented parts are missing", async () => {
    const buffer = readBuffer();
    await exchange(
      kind,
      1,
      (client) => write(client, Buffer.from("hello")),
      async (socket) => {
        for (const symbol of Object.getOwnPropertySymbols(socket)) {
          if (symbol.description === "kBufferGen") Reflect.deleteProperty(socket, symbol);
        }
        let read = "";
        const into: Uint8Array[] = [];
        readInto(socket, buffer, (bytes, end) => {
          into.push(bytes);
          read += Buffer.from(bytes.subarray(0, end)).toString();
        });
        await once(socket, "end");
        expect(read).toBe("hello");
        expect(into).not.toContain(buffer);
      },
    );
  });
});

describe("a stream that is not a socket", () => {
  it.each<[string, object]>([
    ["without any part of a socket", {}],
    ["without a handle", { [Symbol("kBuffer")]: 0, [Symbol("kBufferCb")]: 0, [Symbol("kBufferGen")]: 0 }],
    [
      "with a handle of another kind",
      {
        [Symbol("kBuffer")]: 0,
        [Symbol("kBufferCb")]: 0,
        [Symbol("kBufferGen")]: 0,
        _handle: { reading: true },
      },
    ],
    [
      "whose handle is gone",
      { [Symbol("kBuffer")]: 0, [Symbol("kBufferCb")]: 0, [Symbol("kBufferGen")]: 0, _handle: null },
    ],
  ])("is read in the ordinary way: %s", async (_what, parts) => {
    const stream = Object.assign(new PassThrough(), parts);
    let read = "";
    const buffer = readBuffer();
    const into: Uint8Array[] = [];
    readInto(stream as unknown as Socket, buffer, (bytes, end) => {
      into.push(bytes);
      read += Buffer.from(bytes.subarray(0, end)).toString();
    });
    stream.end("hello");
    await once(stream, "end");
    expect(read).toBe("hello");
    expect(into).not.toContain(buffer);
  });
});
