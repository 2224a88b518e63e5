import { describe, expect, it } from "vitest";
import { BROADCAST, ethernet, hello, packet, station, TunnelClient } from "./client.ts";
import { type RelayProcess, sharedRelay, type TestNetwork, underEachRuntime } from "./runtimes.ts";

/** What an administrator withdraws. */
const WAYS: readonly [string, (relay: RelayProcess, network: TestNetwork) => Promise<unknown>][] = [
  [
    "the token is revoked",
    (relay, { tenant, tokenId }) => relay.must("DELETE", `/tenants/${tenant}/tokens/${tokenId}`),
  ],
  [
    "the network is deleted",
    (relay, { tenant, name }) => relay.must("DELETE", `/tenants/${tenant}/networks/${name}`),
  ],
  ["the tenant is deleted", (relay, { tenant }) => relay.must("DELETE", `/tenants/${tenant}`)],
];

underEachRuntime("a session", (runtime) => {
  const relay = sharedRelay(runtime);

  describe.each(WAYS)("when %s", (_way, withdraw) => {
    it("is over before that is done: closed with 4003, joined or not, and not to be opened again", async () => {
      const network = await relay().network();
      const { token, vni } = network;
      await using joined = await TunnelClient.joined(relay().url, token, vni);
      await using idle = await TunnelClient.welcomed(relay().url, token);

      await withdraw(relay(), network);
      for (const client of [joined, idle]) client.say({ type: "ping", id: 1 });

      expect(await joined.ended()).toMatchObject({ code: 4003, reason: expect.stringMatching(/./) });
      expect(await idle.ended()).toMatchObject({ code: 4003, reason: expect.stringMatching(/./) });
      for (const client of [joined, idle]) {
        expect(client.takeControls().filter(({ type }) => type === "pong")).toEqual([]);
      }
      await using late = await TunnelClient.open(relay().url);
      late.say(hello({ token }));
      expect((await late.ended()).code).toBe(4001);
    });

    it("is closed with 4003 while frames flow", async () => {
      const network = await relay().network();
      const { token, vni } = network;
      await using sends = await TunnelClient.joined(relay().url, token, vni);
      await using receives = await TunnelClient.joined(relay().url, token, vni);
      const flow = keepSending(sends, vni);
      await receives.frame();

      await withdraw(relay(), network);

      expect((await sends.ended()).code).toBe(4003);
      expect((await receives.ended()).code).toBe(4003);
      await flow;
    });

    it("leaves those of others alone", async () => {
      const network = await relay().network();
      const other = await relay().network();
      await using victim = await TunnelClient.joined(relay().url, network.token, network.vni);
      await using bystander = await TunnelClient.joined(relay().url, other.token, other.vni);
      await withdraw(relay(), network);
      await victim.ended();
      await bystander.sync();
    });
  });

  it("outlives the token of another on the same network, who is seen to leave", async () => {
    const network = await relay().network();
    const { tenant, name, token, vni } = network;
    const { id, token: other } = await relay().token(tenant, name);
    await using stays = await TunnelClient.joined(relay().url, token, vni);
    await using goes = await TunnelClient.joined(relay().url, other, vni, { name: "goes" });
    await relay().must("DELETE", `/tenants/${tenant}/tokens/${id}`);
    expect((await goes.ended()).code).toBe(4003);
    expect(await stays.control("member", ({ event }) => event === "left")).toMatchObject({
      member: { name: "goes" },
    });
    await stays.sync();
  });

  it("is closed with 4003 once its token has expired, silent or not", async () => {
    const { tenant, name, vni } = await relay().network();
    const { token } = await relay().token(tenant, name, 3);
    await using silent = await TunnelClient.joined(relay().url, token, vni);
    await using sends = await TunnelClient.joined(relay().url, token, vni);
    const flow = keepSending(sends, vni);
    expect((await silent.ended()).code).toBe(4003);
    expect((await sends.ended()).code).toBe(4003);
    await flow;
  });

  it("does not come back with a new network of the same number", async () => {
    const { tenant, name, token, vni } = await relay().network();
    await using old = await TunnelClient.joined(relay().url, token, vni);
    await relay().must("DELETE", `/tenants/${tenant}/networks/${name}`);
    expect((await old.ended()).code).toBe(4003);
    await relay().must("POST", `/tenants/${tenant}/networks`, { name, vni });
    const anew = await relay().token(tenant, name);
    await using refused = await TunnelClient.open(relay().url);
    refused.say(hello({ token }));
    expect((await refused.ended()).code).toBe(4001);
    await using client = await TunnelClient.welcomed(relay().url, anew.token);
    expect((await client.join(vni))["members"]).toEqual([]);
  });
});

/** Sends frames as fast as they are taken until the session ends. */
async function keepSending(client: TunnelClient, vni: number): Promise<void> {
  const frames = Array.from({ length: 20 }, () => packet(vni, ethernet(BROADCAST, station(1))));
  while (client.end === undefined) {
    await client.send(...frames);
    // Lets what comes in be read.
    await new Promise(setImmediate);
  }
}
