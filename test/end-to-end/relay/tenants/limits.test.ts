import { expect, it } from "vitest";
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
import type { TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("a tenant's limits", (runtime) => {
  const relay = sharedRelay(runtime);

  async function limited(limits: object): Promise<TestNetwork> {
    const network = await relay().network();
    await relay().must("PATCH", `/tenants/${network.tenant}/limits`, limits);
    return network;
  }

  /** Returns the tenant administrator's notices of limits. */
  async function notices(tenant: string): Promise<string[]> {
    const entries = (await relay().must("GET", `/tenants/${tenant}/audit`)) as {
      action: string;
      object: string;
    }[];
    return entries.filter(({ action }) => action === "limit.reached").map(({ object }) => object);
  }

  async function refused(response: Response, code: string): Promise<void> {
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code, detail: expect.stringMatching(/limit/) });
  }

  it("have generous defaults, are changed one by one, and lifted with null", async () => {
    const { tenant } = await relay().network();
    const path = `/tenants/${tenant}/limits`;
    const before = (await relay().must("GET", path)) as object;
    expect(before).toMatchObject({ devices: expect.any(Number), network_macs: expect.any(Number) });
    expect(await relay().must("PATCH", path, { devices: 5, macs: null })).toEqual({
      ...before,
      devices: 5,
      macs: null,
    });
    expect(await relay().must("GET", path)).toMatchObject({ devices: 5, macs: null });
    expect(await relay().must("GET", "/tenants/default/limits")).toEqual(before);
  });

  it.each([{ devices: -1 }, { devices: 1.5 }, { devices: "5" }, { tenants: 5 }])(
    "can't be %j",
    async (request) => {
      expect((await relay().api("PATCH", "/tenants/default/limits", request)).status).toBe(400);
    },
  );

  it("apply to networks, tokens and valid invites, and reached ones give a notice", async () => {
    const { tenant, name } = await limited({ networks: 1, tokens: 1, invites: 1 });
    const path = `/tenants/${tenant}`;
    await refused(await relay().api("POST", `${path}/networks`, { name: "more" }), "limit.networks");
    await refused(await relay().api("POST", `${path}/tokens`, { network: name }), "limit.tokens");
    const by = await invite(relay(), { tenant, name });
    await refused(await relay().api("POST", `${path}/invites`, { network: name }), "limit.invites");
    await TestDevice.enrolled(relay(), by);
    await invite(relay(), { tenant, name });
    expect(await notices(tenant)).toEqual(["networks 1", "tokens 1", "invites 1"]);
  });

  it.each([
    [{ devices: 1 }, "limit.devices"],
    [{ network_devices: 1 }, "limit.network-devices"],
  ])("apply to devices as %j", async (limits, code) => {
    const network = await limited(limits);
    const by = await invite(relay(), network, { uses: 9 });
    const first = await TestDevice.enrolled(relay(), by);
    await refused(await new TestDevice(relay()).enrol(by), code);
    expect((await first.enrol(by)).status).toBe(201);
    await relay().must("DELETE", `/tenants/${network.tenant}/devices/${first.id}`);
    await TestDevice.enrolled(relay(), by);
  });

  it("apply to sessions: one more is closed with 1013 and the reason", async () => {
    const { tenant, token, vni } = await limited({ sessions: 1 });
    await using first = await TunnelClient.joined(relay().url, token, vni);
    await using second = await TunnelClient.open(relay().url);
    second.say(hello({ token }));
    expect(await second.ended()).toMatchObject({
      code: 1013,
      reason: expect.stringMatching(/^limit\.sessions/),
    });
    await first.sync();
    await first.close();
    expect(await notices(tenant)).toEqual(["sessions 1"]);
  });

  it("let a device's newer session replace the older", async () => {
    const network = await limited({ sessions: 1 });
    const device = await TestDevice.enrolled(relay(), await invite(relay(), network));
    await using older = await device.joined(network.vni);
    await using newer = await device.joined(network.vni);
    expect((await older.ended()).code).toBe(4009);
    await newer.sync();
  });

  it("apply to sessions in one network: a join is refused, and the session goes on", async () => {
    const one = await limited({ network_sessions: 1 });
    const other = await relay().network({ tenant: one.tenant });
    await using first = await TunnelClient.joined(relay().url, one.token, one.vni);
    await using second = await TunnelClient.welcomed(relay().url, one.token);
    second.say({ type: "join", vni: one.vni });
    expect(await second.control("error")).toMatchObject({ code: "limit.network-sessions", vni: one.vni });
    await using third = await TunnelClient.joined(relay().url, other.token, other.vni);
    await third.sync();
    first.say({ type: "leave", vni: one.vni });
    await first.control("left");
    await second.join(one.vni);
  });

  it.each([{ macs: 2 }, { network_macs: 2 }])(
    "apply to the MAC addresses of all sessions together, as %j",
    async (limits) => {
      const network = await limited(limits);
      const { tenant, token, vni } = network;
      await using one = await TunnelClient.joined(relay().url, token, vni);
      await using other = await TunnelClient.joined(relay().url, token, vni);
      await using sees = await TunnelClient.joined(relay().url, token, vni);
      const say = async (client: TunnelClient, machine: number) => {
        await client.send(packet(vni, ethernet(BROADCAST, station(machine), `${machine}`)));
        await client.sync();
      };
      await say(one, 1);
      await say(other, 2);
      await say(one, 3);
      await say(other, 2);
      await sees.sync();
      expect(sees.takeRecords().map(({ frame }) => payloadOf(frame))).toEqual(["1", "2", "2"]);
      expect([...(await relay().fdb(network)).keys()]).toEqual([station(1), station(2)]);

      await one.close();
      await sees.control("member", ({ event }) => event === "left");
      await say(other, 4);
      expect([...(await relay().fdb(network)).keys()].sort()).toEqual([station(2), station(4)]);
      while ((await notices(tenant)).length === 0) await sees.sync();
    },
  );

  it("apply to each tenant separately", async () => {
    await limited({ networks: 1, sessions: 0, macs: 0 });
    const { token, vni } = await relay().network();
    await using client = await TunnelClient.joined(relay().url, token, vni);
    await client.sync();
  });
});
