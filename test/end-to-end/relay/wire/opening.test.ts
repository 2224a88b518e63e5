import { Buffer } from "node:buffer";
import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import {
  BROADCAST,
  type Closed,
  ethernet,
  hello,
  packet,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("the opening of a tunnel", (runtime) => {
  const relay = sharedRelay(runtime);

  describe("the challenge", () => {
    it("comes at once, with 32 new random bytes and the requested origin", async () => {
      await using first = await TunnelClient.open(relay().url);
      await using second = await TunnelClient.open(relay().url, { headers: { host: "relay.example:8080" } });

      const one = await first.control("challenge");
      const other = await second.control("challenge");

      expect(one["nonce"]).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(Buffer.from(String(one["nonce"]), "base64url")).toHaveLength(32);
      expect(other["nonce"]).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(other["nonce"]).not.toBe(one["nonce"]);
      expect(one["relay"]).toBe(relay().url);
      expect(other["relay"]).toBe("http://relay.example:8080");
    });

    it("names the origin of --public-url if it is set", async () => {
      await using behindProxy = await RelayProcess.start(runtime, {
        args: ["--public-url", "https://relay.example/"],
      });
      await using client = await TunnelClient.open(behindProxy.url);
      expect((await client.control("challenge"))["relay"]).toBe("https://relay.example");
    });
  });

  describe("the upgrade", () => {
    it("is answered with the subprotocol and no extension, even if the client offers compression", async () => {
      await using client = await TunnelClient.open(relay().url, { deflate: true });
      expect(client.upgrade.headers["sec-websocket-protocol"]).toBe("laneway.v1");
      expect(client.upgrade.headers["sec-websocket-extensions"]).toBeUndefined();
      await client.control("challenge");
    });

    it("finds the subprotocol among others", async () => {
      await using client = await TunnelClient.open(relay().url, {
        subprotocols: ["laneway.v9", "laneway.v1", "chat"],
      });
      expect(client.upgrade.headers["sec-websocket-protocol"]).toBe("laneway.v1");
      await client.control("challenge");
    });

    it("works below any prefix and with any query", async () => {
      const { token } = await relay().network();
      for (const path of ["/lan/v1/tunnel", "/a/b/c/v1/tunnel", "//v1/tunnel", "/v1/v1/tunnel"]) {
        await using client = await TunnelClient.welcomed(relay().url, token, { path });
        await client.sync();
      }
      const { code } = await upgradeAndListen(`${relay().url}/v1/tunnel?x=1`, {});
      expect(code).toBe(4004);
    });

    it.each(["/", "/v1", "/v1/tunnels", "/v1/tunnel/more", "/xv1/tunnel"])(
      "is refused at %s",
      async (path) => {
        await expect(TunnelClient.open(relay().url, { path })).rejects.toThrow(
          /Unexpected server response: 40[14]$/,
        );
      },
    );

    it("is closed with 4004 if no subprotocol is offered", async () => {
      await using client = await TunnelClient.open(relay().url, { subprotocols: [] });
      const { code, reason } = await client.ended();
      expect(code).toBe(4004);
      expect(reason).toContain("laneway.v1");
      expect(client.takeControls()).toEqual([]);
    });

    it("is closed with 4004 if only other subprotocols are offered", async () => {
      const headers = { "sec-websocket-protocol": "laneway.v2, chat" };
      const { code, reason } = await upgradeAndListen(`${relay().url}/v1/tunnel`, headers);
      expect(code).toBe(4004);
      expect(reason).toContain("laneway.v1");
    });

    it("survives a client that disconnects during it", async () => {
      for (let i = 0; i < 20; i++) {
        const client = await TunnelClient.open(relay().url);
        await client[Symbol.asyncDispose]();
      }
      await using client = await TunnelClient.open(relay().url);
      await client.control("challenge");
    });
  });

  describe("hello", () => {
    it("is welcomed with the shared features and the token's networks", async () => {
      const network = await relay().network();
      await using client = await TunnelClient.open(relay().url);
      client.say(hello({ token: network.token, features: ["offload", "unheard-of", "batch"] }));

      const welcome = await client.control("welcome");

      expect(welcome).toEqual({
        type: "welcome",
        session: expect.stringMatching(/./),
        features: ["batch", "offload"],
        networks: [{ name: network.name, vni: network.vni, group: network.group, mtu: 1500 }],
        limits: { message_bytes: 262_144, frame_bytes: 65_550, macs: 64 },
        keepalive_seconds: 20,
      });
    });

    it("gets no feature that it did not name", async () => {
      const { token } = await relay().network();
      await using client = await TunnelClient.open(relay().url);
      client.say(hello({ token, features: [] }));
      expect((await client.control("welcome"))["features"]).toEqual([]);
    });

    it("needs no token if the upgrade carried one", async () => {
      const { token } = await relay().network();
      await using client = await TunnelClient.open(relay().url, { bearer: token });
      client.say(hello());
      await client.control("welcome");
    });

    it("is welcomed from many clients with one token, each with its own session", async () => {
      const { token } = await relay().network();
      const sessions = new Set<unknown>();
      await using stack = new AsyncDisposableStack();
      for (let i = 0; i < 5; i++) {
        const client = stack.use(await TunnelClient.open(relay().url));
        client.say(hello({ token }));
        sessions.add((await client.control("welcome"))["session"]);
      }
      expect(sessions.size).toBe(5);
    });

    it("may contain unknown fields, and follow unknown messages", async () => {
      const { token } = await relay().network();
      await using client = await TunnelClient.open(relay().url);
      client.say({ type: "weather", sunny: true });
      client.say(hello({ token, colour: "green", client: { name: "x", software: "y", os: "z", age: 3 } }));
      await client.control("welcome");
    });

    it("is answered with an error when repeated, and the session goes on", async () => {
      const { token } = await relay().network();
      await using client = await TunnelClient.welcomed(relay().url, token);
      client.say(hello({ token }));
      expect(await client.control("error")).toMatchObject({
        request: "hello",
        code: expect.any(String),
        message: expect.any(String),
      });
      await client.sync();
    });

    it("closes with 4008 if it does not arrive in time, whatever else arrives", async () => {
      await using silent = await TunnelClient.open(relay().url);
      await using talker = await TunnelClient.open(relay().url);
      talker.say({ type: "weather", sunny: true });
      expect(await silent.ended()).toMatchObject({ code: 4008, reason: expect.stringMatching(/hello/) });
      expect(await talker.ended()).toMatchObject({ code: 4008, reason: expect.stringMatching(/hello/) });
    });

    it.each([
      ["a wrong token", { auth: { method: "token", token: "wrong" } }],
      ["an empty token", { auth: { method: "token", token: "" } }],
      ["a token of another method", { auth: { method: "password", token: "TOKEN" } }],
      ["a token of no method", { auth: { token: "TOKEN" } }],
      ["a token that is no string", { auth: { method: "token", token: 5 } }],
      ["an unknown device", { auth: { method: "device", device: "d", signature: "AAAA" } }],
      ["no credentials", {}],
    ])("closes with 4001 for %s", async (_what, fields) => {
      const { token } = await relay().network();
      await using client = await TunnelClient.open(relay().url);
      client.sayRaw(JSON.stringify(hello(fields)).replaceAll("TOKEN", token));
      expect(await client.ended()).toMatchObject({ code: 4001, reason: expect.stringMatching(/./) });
    });

    it.each(["wrong", ""])("closes with 4001 for the bearer token '%s' on the upgrade", async (bearer) => {
      await using client = await TunnelClient.open(relay().url, { bearer });
      client.say(hello());
      expect((await client.ended()).code).toBe(4001);
    });

    it("closes with 4001 for a token that has expired or was revoked", async () => {
      const { tenant, name, token, tokenId } = await relay().network();
      const brief = await relay().token(tenant, name, 1);
      await relay().must("DELETE", `/tenants/${tenant}/tokens/${tokenId}`);
      await using revoked = await TunnelClient.open(relay().url);
      revoked.say(hello({ token }));
      expect((await revoked.ended()).code).toBe(4001);

      // It works until it expires, within the second.
      for (;;) {
        await using client = await TunnelClient.open(relay().url);
        client.say(hello({ token: brief.token }));
        const welcomed = await client.control("welcome").then(
          () => true,
          () => false,
        );
        if (welcomed) continue;
        expect((await client.ended()).code).toBe(4001);
        break;
      }
    });

    it.each([
      ["of another version", { version: 2 }],
      ["of another version with other fields", { version: 2, client: "lab-pc", features: { batch: true } }],
    ])("closes with 4004 if it is %s", async (_what, fields) => {
      const { token } = await relay().network();
      await using client = await TunnelClient.open(relay().url);
      client.say({ ...hello({ token }), ...fields });
      expect(await client.ended()).toMatchObject({ code: 4004, reason: expect.stringMatching(/version/) });
    });
  });

  describe("an unreadable message", () => {
    it("closes with 4002 for records before welcome", async () => {
      await using client = await TunnelClient.open(relay().url);
      await client.send(packet(101, ethernet(BROADCAST, station(1))));
      expect(await client.ended()).toMatchObject({ code: 4002, reason: expect.stringMatching(/./) });
    });

    it.each([
      "",
      "no JSON",
      "{",
      "[]",
      "5",
      "null",
      '"hello"',
      '{"type":"ping","id":1}{"type":"ping","id":2}',
    ])("closes with 4002 for the text %j, before and after welcome", async (text) => {
      const { token } = await relay().network();
      await using stranger = await TunnelClient.open(relay().url);
      await using friend = await TunnelClient.welcomed(relay().url, token);
      stranger.sayRaw(text);
      friend.sayRaw(text);
      expect(await stranger.ended()).toMatchObject({ code: 4002, reason: expect.stringMatching(/./) });
      expect(await friend.ended()).toMatchObject({ code: 4002, reason: expect.stringMatching(/./) });
    });
  });
});

/** Upgrades by hand, as the WebSocket library would refuse to, and reads the close frame. */
async function upgradeAndListen(url: string, headers: Record<string, string>): Promise<Closed> {
  return await new Promise((resolve, reject) => {
    const asked = request(url, {
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        ...headers,
      },
    });
    asked.on("error", reject);
    asked.on("response", (response) => reject(new Error(`not upgraded: ${response.statusCode}`)));
    asked.on("upgrade", (_response: IncomingMessage, socket: Socket, head: Buffer) => {
      let read = head;
      const look = () => {
        const length = read.length < 2 ? 0 : read.readUInt8(1);
        if (length < 2 || read.length < 2 + length) return;
        socket.destroy();
        // RFC 6455 section 5.5.1: FIN and opcode 8, length, code, reason.
        if (read.readUInt8(0) !== 0x88) reject(new Error(`no close frame: ${read.toString("hex")}`));
        else resolve({ code: read.readUInt16BE(2), reason: read.toString("utf8", 4, 2 + length) });
      };
      socket.on("data", (data) => {
        read = Buffer.concat([read, data]);
        look();
      });
      socket.on("error", reject);
      socket.on("end", () => reject(new Error("closed without a close frame")));
      look();
    });
    asked.end();
  });
}
