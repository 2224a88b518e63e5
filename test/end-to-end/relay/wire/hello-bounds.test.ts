// Limits of messages to the tunnel before a client is authenticated.
import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { isNestedTooDeep } from "../../../../relay/hub/session/control-depth.ts";
import { BROADCAST, ethernet, hello, packet, station, TunnelClient } from "../../../support/relay/client.ts";
import { NODE, sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("before welcome", (runtime) => {
  const relay = sharedRelay(runtime);

  it.each([9_000, 100_000, 500_000])(
    "a text of %i bytes closes with 4002, whatever its content",
    async (size) => {
      const { token } = await relay().network();
      await using client = await TunnelClient.open(relay().url);
      client.say(hello({ token, padding: "x".repeat(size) }));
      expect((await client.ended()).code).toBe(4002);
    },
  );

  it("a binary message of that size does too", async () => {
    await using client = await TunnelClient.open(relay().url);
    void client.send(Buffer.alloc(100_000));
    expect((await client.ended()).code).toBe(4002);
  });

  it("a hello of 8 KiB is welcomed, and larger messages may follow", async () => {
    const { token, vni } = await relay().network();
    await using client = await TunnelClient.open(relay().url);
    client.say(hello({ token, padding: "x".repeat(7_900) }));
    await client.control("welcome");
    await client.join(vni);
    client.say({ type: "weather", padding: "x".repeat(250_000) });
    const frame = packet(vni, ethernet(BROADCAST, station(1), new Uint8Array(60_000)));
    await client.send(Buffer.concat([frame, frame, frame, frame]));
    await client.sync();
    await client.send(Buffer.alloc(300_000));
    expect((await client.ended()).code).toBe(1009);
  });

  it("too many messages close with 4002", async () => {
    await using client = await TunnelClient.open(relay().url);
    for (let i = 0; i < 65; i++) client.say({ type: "ping", id: i });
    expect((await client.ended()).code).toBe(4002);
  });

  it("and after it, a deeply nested message closes with 4002", async () => {
    const { token } = await relay().network();
    await using client = await TunnelClient.welcomed(relay().url, token);
    client.sayRaw(`{"type":"weather","x":${"[".repeat(120_000)}${"]".repeat(120_000)}}`);
    expect(await client.ended()).toMatchObject({ code: 4002, reason: expect.stringContaining("nested") });
  });
});

describe("before welcome, framed by ws", () => {
  const relay = sharedRelay(NODE, ["--websocket", "ws"]);

  it("a message is limited; after it, larger ones may follow", async () => {
    const { token, vni } = await relay().network();
    await using stranger = await TunnelClient.open(relay().url);
    stranger.say(hello({ token, padding: "x".repeat(9_000) }));
    expect((await stranger.ended()).code).toBe(4002);
    await using greater = await TunnelClient.open(relay().url);
    greater.say(hello({ token, padding: "x".repeat(100_000) }));
    expect((await greater.ended()).code).toBe(1009);
    await using client = await TunnelClient.joined(relay().url, token, vni);
    client.say({ type: "weather", padding: "x".repeat(250_000) });
    await client.sync();
  });
});

describe("nesting", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

  it.each([
    ["{}", false],
    [nested(32), false],
    [nested(33), true],
    [`[${"[],".repeat(10_000)}[]]`, false],
    [JSON.stringify({ text: "[".repeat(1_000) }), false],
    [JSON.stringify({ text: `\\"${"[".repeat(1_000)}` }), false],
    [`["\\\\",${nested(33)}]`, true],
    ["{".repeat(100_000), true],
    [`"${"[".repeat(100_000)}`, false],
    ["]".repeat(100_000), false],
  ])("of %.40s is too deep: %s", (text, isTooDeep) => {
    expect(isNestedTooDeep(text)).toBe(isTooDeep);
  });
});
