import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { FRAMINGS } from "../../../system/websocket/framing.ts";
import { dial, Listener, SUBPROTOCOL } from "./pair.ts";
import { upgradeRequest } from "./raw.ts";

/** Sends a request, and resolves to the head of the answer. */
async function answer(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  try {
    return await new Promise<string>((resolve, reject) => {
      let read = "";
      socket.setEncoding("latin1").on("data", (data) => {
        read += data;
        if (read.includes("\r\n\r\n")) resolve(read.slice(0, read.indexOf("\r\n\r\n") + 2).toLowerCase());
      });
      socket.on("error", reject);
      socket.on("close", () => reject(new Error(`closed after '${read}'`)));
      socket.write(request);
    });
  } finally {
    socket.destroy();
  }
}

describe.each(FRAMINGS)("a server, framing by %s,", (framing) => {
  it.each<[string, string | undefined, boolean]>([
    ["alone", SUBPROTOCOL, true],
    ["among others", `chat, ${SUBPROTOCOL}, other`, true],
    ["in vain", "chat, other", false],
    ["not at all", undefined, false],
  ])("accepts a client that offers the subprotocol %s", async (_how, offered, known) => {
    await using listener = await Listener.start({ framing });
    const head = await answer(listener.port, upgradeRequest({ "sec-websocket-protocol": offered }));
    expect(head).toMatch(/^http\/1\.1 101 /);
    expect(head.includes(`sec-websocket-protocol: ${SUBPROTOCOL}\r\n`)).toBe(known);
    // RFC 6455 section 1.3 has this key and its result.
    expect(head).toContain(`sec-websocket-accept: ${"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".toLowerCase()}\r\n`);
    expect((await listener.first()).subprotocol).toBe(known);
  });

  it("negotiates no compression", async () => {
    await using listener = await Listener.start({ framing });
    const head = await answer(
      listener.port,
      upgradeRequest({ "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" }),
    );
    expect(head).toMatch(/^http\/1\.1 101 /);
    expect(head).not.toContain("sec-websocket-extensions");
  });

  it.each<[string, number, string]>([
    ["without a key", 400, upgradeRequest({ "sec-websocket-key": undefined })],
    ["with a key that is too short", 400, upgradeRequest({ "sec-websocket-key": "AAAA" })],
    ["without a version", 400, upgradeRequest({ "sec-websocket-version": undefined })],
    ["of another version", 400, upgradeRequest({ "sec-websocket-version": "12" })],
    ["to something else", 400, upgradeRequest({ upgrade: "h2c" })],
    ["by POST", 405, upgradeRequest({}, "POST")],
    ["with a subprotocol twice", 400, upgradeRequest({ "sec-websocket-protocol": "a, a" })],
  ])("refuses an upgrade %s, with %d", async (_what, status, request) => {
    await using listener = await Listener.start({ framing });
    expect(await answer(listener.port, request)).toMatch(new RegExp(`^http/1\\.1 ${status} `));
    // The server continues, and `opened` was not called for that one.
    await dial(listener.url, framing).then(({ socket }) => socket.terminate());
    await listener.first();
    expect(listener.accepted).toHaveLength(1);
  });

  it("serves many clients independently", async () => {
    await using listener = await Listener.start({ framing });
    const clients = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const end = await dial(listener.url, framing);
        end.socket.sendText(`I am ${i}`);
        return end;
      }),
    );
    for (const { end } of listener.accepted) {
      const [said] = await end.heard(1);
      end.send(Buffer.alloc(100_000, String(said)));
      end.socket.sendText(`you said ${said}`);
    }
    for (const [i, client] of clients.entries()) {
      const [bytes, text] = await client.heard(2);
      expect(text).toBe(`you said I am ${i}`);
      expect((bytes as Buffer).equals(Buffer.alloc(100_000, `I am ${i}`))).toBe(true);
      client.socket.terminate();
    }
  });
});
