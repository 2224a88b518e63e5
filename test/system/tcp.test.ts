import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import koffi from "koffi";
import { describe, expect, it } from "vitest";
import { limitUnsent } from "../../system/tcp.ts";

const repository = join(import.meta.dirname, "../..");

/** With a shared key, TLS needs no certificate. */
const KEY = { psk: Buffer.alloc(32, 7), identity: "test" };
const TLS = { ciphers: "PSK+HIGH", maxVersion: "TLSv1.2" } as const;

describe.runIf(process.platform === "linux")("the limit of unsent bytes", () => {
  it("is the kernel's, for the connecting and the accepted socket", async () => {
    await withSocket(
      createServer(),
      (port) => connect(port, "127.0.0.1"),
      "connect",
      (socket, accepted) => {
        for (const [end, bytes] of [
          [socket, 131_072],
          [accepted, 65_537],
        ] as const) {
          expect(unsentLimit(end)).not.toBe(bytes);
          expect(limitUnsent(end, bytes)).toBe(true);
          expect(unsentLimit(end)).toBe(bytes);
        }
      },
    );
  });

  it("is that of the connection below TLS", async () => {
    await withSocket(
      createTlsServer({ ...TLS, pskCallback: () => KEY.psk }),
      (port) =>
        connectTls({
          ...TLS,
          port,
          host: "127.0.0.1",
          pskCallback: () => KEY,
          checkServerIdentity: () => undefined,
        }),
      "secureConnect",
      (socket) => {
        expect(limitUnsent(socket, 131_072)).toBe(true);
        expect(unsentLimit(socket)).toBe(131_072);
      },
    );
  });

  it("keeps bytes in the process that the kernel would have taken", async () => {
    const written = async (limit: boolean) => {
      let taken = 0;
      await withSocket(
        createServer({ pauseOnConnect: true }),
        (port) => connect(port, "127.0.0.1"),
        "connect",
        async (socket) => {
          if (limit) expect(limitUnsent(socket, 16_384)).toBe(true);
          const chunk = Buffer.alloc(16_384);
          for (let i = 0; i < 1024; i++) socket.write(chunk);
          // The other end does not read, so what the kernel has taken stays there.
          for (let before = -1; before !== socket.writableLength; ) {
            before = socket.writableLength;
            for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 20));
          }
          taken = 1024 * chunk.length - socket.writableLength;
        },
      );
      return taken;
    };
    expect(await written(true)).toBeLessThan(await written(false));
  });

  it("does not exist for other sockets than TCP", async () => {
    const directory = mkdtempSync(join(tmpdir(), "laneway-tcp-"));
    const path = join(directory, "socket");
    try {
      await withSocket(
        createServer(),
        () => connect(path),
        "connect",
        (socket) => {
          expect(limitUnsent(socket, 131_072)).toBe(false);
        },
        path,
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("is not available before a socket has a descriptor, or after", async () => {
    expect(limitUnsent(new Socket(), 131_072)).toBe(false);
    await withSocket(
      createServer(),
      (port) => connect(port, "127.0.0.1"),
      "connect",
      (socket) => {
        socket.destroy();
        expect(limitUnsent(socket, 131_072)).toBe(false);
      },
    );
  });

  it("is left alone, without an error, if koffi cannot be loaded", () => {
    const script = `
      import Module from "node:module";
      const load = Module._load;
      Module._load = (name, ...rest) => {
        if (name === "koffi") throw new Error("no build for this system");
        return load(name, ...rest);
      };
      const { limitUnsent } = await import("./system/tcp.ts");
      const { connect, createServer } = await import("node:net");
      const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1", () => {
        const socket = connect(server.address().port, "127.0.0.1", () => {
          console.log(socket._handle.fd > 0, limitUnsent(socket, 1000), limitUnsent(socket, 1000));
          socket.destroy();
          server.close();
        });
      });
    `;
    const args = ["--input-type=module", "--eval", script];
    expect(execFileSync(process.execPath, args, { cwd: repository, encoding: "utf8" })).toBe(
      "true false false\n",
    );
  });
});

/** Connects to `server`, which closes with all its connections after `use`. */
async function withSocket(
  server: Server,
  open: (port: number) => Socket,
  ready: "connect" | "secureConnect",
  use: (socket: Socket, accepted: Socket) => void | Promise<void>,
  path?: string,
): Promise<void> {
  if (path === undefined) server.listen(0, "127.0.0.1");
  else server.listen(path);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const accepting = once(server, "connection");
  const socket = open(port);
  const [[accepted]] = (await Promise.all([accepting, once(socket, ready)])) as [[Socket], unknown];
  socket.on("error", () => {});
  try {
    await use(socket, accepted);
  } finally {
    socket.destroy();
    accepted.destroy();
    server.close();
    await once(server, "close");
  }
}

/** TCP_NOTSENT_LOWAT (25) of the socket, at level IPPROTO_TCP (6), as the kernel reports it. */
function unsentLimit(socket: Socket): number {
  const get = koffi.load(null).func("getsockopt", "int", ["int", "int", "int", "void *", "void *"]);
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const value = new Int32Array(1);
  expect(get(fd, 6, 25, value, Uint32Array.of(4))).toBe(0);
  return value[0] ?? -1;
}
