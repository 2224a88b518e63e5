import { describe, expect, it } from "vitest";
import {
  BROADCAST,
  ethernet,
  hello,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import type { RelayProcess, TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

/** What an administrator revokes or deletes. */
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
    it("is closed with 4003 before the request is answered, joined or not, and cannot be reopened", async () => {
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

    it("leaves other sessions alone", async () => {
      const network = await relay().network();
      const other = await relay().network();
      await using victim = await TunnelClient.joined(relay().url, network.token, network.vni);
      await using bystander = await TunnelClient.joined(relay().url, other.token, other.vni);
      await withdraw(relay(), network);
      await victim.ended();
      await bystander.sync();
    });
  });

  describe.each(["token", "device"] as const)(
    "of a %s for several networks, when one of them is deleted",
    (kind) => {
      /** Creates two networks of a tenant, and returns how to open sessions that may join both. */
      async function both() {
        const kept = await relay().network();
        const gone = await relay().network({ tenant: kept.tenant });
        const request = { network: kept.name, networks: [gone.name] };
        const made = (await relay().must("POST", `/tenants/${kept.tenant}/tokens`, request)) as {
          token: string;
        };
        const device = await TestDevice.enrolled(relay(), await invite(relay(), kept));
        await device.enrol(await invite(relay(), gone));
        const open = async (...vnis: number[]) => {
          const client =
            kind === "token" ? await TunnelClient.welcomed(relay().url, made.token) : await device.open();
          if (kind === "device") await client.control("welcome");
          for (const vni of vnis) await client.join(vni);
          return client;
        };
        return { kept, gone, open };
      }

      it("is closed with 4003 if it has joined the deleted network, even while frames flow on the other", async () => {
        const { kept, gone, open } = await both();
        await using client = await open(kept.vni, gone.vni);
        await using other = await TunnelClient.joined(relay().url, kept.token, kept.vni);
        const flow = keepSending(client, kept.vni);
        await other.frame();
        await relay().must("DELETE", `/tenants/${gone.tenant}/networks/${gone.name}`);
        expect((await client.ended()).code).toBe(4003);
        await flow;
        await using again = await open(kept.vni);
        await again.sync();
      });

      it("goes on if it has not joined it, and may no longer join it", async () => {
        const { kept, gone, open } = await both();
        await using client = await open(kept.vni);
        await using other = await TunnelClient.joined(relay().url, kept.token, kept.vni);
        await relay().must("DELETE", `/tenants/${gone.tenant}/networks/${gone.name}`);
        client.say({ type: "join", vni: gone.vni });
        expect(await client.control("error")).toMatchObject({ code: "not-allowed", vni: gone.vni });
        await client.send(packet(kept.vni, ethernet(BROADCAST, station(1), "still here")));
        expect(payloadOf((await other.record()).frame)).toBe("still here");
        await relay().must("DELETE", `/tenants/${kept.tenant}/networks/${kept.name}`);
        expect((await client.ended()).code).toBe(4003);
      });
    },
  );

  it("is closed with 4003 when its token is deleted with the token's network", async () => {
    const first = await relay().network();
    const other = await relay().network({ tenant: first.tenant });
    const request = { network: first.name, networks: [other.name] };
    const made = (await relay().must("POST", `/tenants/${first.tenant}/tokens`, request)) as {
      token: string;
    };
    await using client = await TunnelClient.joined(relay().url, made.token, other.vni);
    await relay().must("DELETE", `/tenants/${first.tenant}/networks/${first.name}`);
    expect((await client.ended()).code).toBe(4003);
  });

  it("survives the revocation of another member's token, and sees that member leave", async () => {
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

  it("is closed with 4003 once its token has expired, whether idle or not", async () => {
    const { tenant, name, vni } = await relay().network();
    const { token } = await relay().token(tenant, name, 3);
    await using silent = await TunnelClient.joined(relay().url, token, vni);
    await using sends = await TunnelClient.joined(relay().url, token, vni);
    const flow = keepSending(sends, vni);
    expect((await silent.ended()).code).toBe(4003);
    expect((await sends.ended()).code).toBe(4003);
    await flow;
  });

  it("is not rejoined to a new network of the same VNI", async () => {
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

/** Sends frames as fast as the relay takes them until the session ends. */
async function keepSending(client: TunnelClient, vni: number): Promise<void> {
  const frames = Array.from({ length: 20 }, () => packet(vni, ethernet(BROADCAST, station(1))));
  while (client.end === undefined) {
    await client.send(...frames);
    // Lets incoming messages be read.
    await new Promise(setImmediate);
  }
}
