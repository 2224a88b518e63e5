import { expect, it } from "vitest";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import type { TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("a network's own limits", (runtime) => {
  const relay = sharedRelay(runtime);

  const pathOf = ({ tenant, name }: TestNetwork) => `/tenants/${tenant}/networks/${name}`;

  async function change(network: TestNetwork, limits: object): Promise<void> {
    expect(await relay().must("PATCH", `${pathOf(network)}/limits`, limits)).toBeDefined();
  }

  /** Creates a network with these limits, and another of the same tenant without limits of its own. */
  async function limited(limits: object): Promise<[own: TestNetwork, other: TestNetwork]> {
    const own = await relay().network();
    await change(own, limits);
    return [own, await relay().network({ tenant: own.tenant })];
  }

  /** Sends a broadcast; resolves to whether another member received it. */
  async function passes({ token, vni }: TestNetwork, from = 1): Promise<boolean> {
    await using sends = await TunnelClient.joined(relay().url, token, vni);
    await using sees = await TunnelClient.joined(relay().url, token, vni);
    await sends.send(packet(vni, ethernet(BROADCAST, station(from), "passes")));
    await sends.sync();
    await sees.sync();
    return sees.takeRecords().some(({ frame }) => payloadOf(frame) === "passes");
  }

  it("are the tenant's until changed, one by one, and again after `inherit`", async () => {
    const network = await relay().network();
    const path = `${pathOf(network)}/limits`;
    const before = (await relay().must("GET", path)) as object;
    const tenants = (await relay().must("GET", `/tenants/${network.tenant}/limits`)) as object;
    expect(Object.keys(before).length).toBeGreaterThanOrEqual(5);
    expect(tenants).toMatchObject(before);
    for (const name of Object.keys(before)) expect(name).toMatch(/^network_/);

    const changed = { ...before, network_devices: 5, network_macs: null };
    expect(await relay().must("PATCH", path, { network_devices: 5, network_macs: null })).toEqual(changed);
    expect(await relay().must("GET", path)).toEqual(changed);
    expect(await relay().must("GET", `/tenants/${network.tenant}/limits`)).toEqual(tenants);
    await relay().must("PATCH", `/tenants/${network.tenant}/limits`, {
      network_devices: 7,
      network_sessions: 8,
    });
    expect(await relay().must("GET", path)).toEqual({ ...changed, network_sessions: 8 });
    const again = { network_devices: "inherit", network_macs: "inherit" };
    expect(await relay().must("PATCH", path, again)).toEqual({
      ...before,
      network_devices: 7,
      network_sessions: 8,
    });
  });

  it.each([{ devices: 5 }, { network_devices: -1 }, { network_devices: "5" }, { network_devices: "none" }])(
    "can't be %j",
    async (limits) => {
      expect((await relay().api("PATCH", "/tenants/default/networks/lan/limits", limits)).status).toBe(400);
    },
  );

  it("are visible to the tenant's administrator, and changed only by the relay's", async () => {
    const network = await relay().network();
    const path = `${pathOf(network)}/limits`;
    const { token } = (await relay().must("POST", `/tenants/${network.tenant}/admins`, {})) as {
      token: string;
    };
    expect((await relay().api("GET", path, undefined, token)).status).toBe(200);
    expect((await relay().api("PATCH", path, { network_macs: null }, token)).status).toBe(403);
    await change(network, { network_macs: 5 });
    const audit = (await relay().must("GET", `/tenants/${network.tenant}/audit`)) as object[];
    expect(audit.at(-1)).toMatchObject({
      action: "limit.change",
      object: `network_macs 5 ${network.name}`,
      actor: "relay-admin",
    });
  });

  it("apply to the network's devices, and give their number", async () => {
    const [own, other] = await limited({ network_devices: 1 });
    await TestDevice.enrolled(relay(), await invite(relay(), own));
    const refused = await new TestDevice(relay()).enrol(await invite(relay(), own));
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({
      code: "limit.network-devices",
      detail: `network '${own.name}' has reached its limit of 1 devices`,
    });
    const by = await invite(relay(), other, { uses: 2 });
    await TestDevice.enrolled(relay(), by);
    await TestDevice.enrolled(relay(), by);
  });

  it("apply to the network's sessions", async () => {
    const [own, other] = await limited({ network_sessions: 1 });
    await using _first = await TunnelClient.joined(relay().url, own.token, own.vni);
    await using second = await TunnelClient.welcomed(relay().url, own.token);
    second.say({ type: "join", vni: own.vni });
    expect(await second.control("error")).toMatchObject({ code: "limit.network-sessions", vni: own.vni });
    expect(await passes(other)).toBe(true);
  });

  it("apply to the network's MAC addresses, and the sender's notice names the network", async () => {
    const [own, other] = await limited({ network_macs: 1 });
    await using client = await TunnelClient.joined(relay().url, own.token, own.vni);
    for (const machine of [1, 2]) await client.send(packet(own.vni, ethernet(BROADCAST, station(machine))));
    await client.sync();
    expect([...(await relay().fdb(own)).keys()]).toEqual([station(1)]);
    expect(await client.control("notice")).toMatchObject({
      code: "limit.network-macs",
      message: expect.stringContaining(`network '${own.name}' has reached its limit of 1 macs`),
    });
    await using sibling = await TunnelClient.joined(relay().url, other.token, other.vni);
    for (const machine of [1, 2])
      await sibling.send(packet(other.vni, ethernet(BROADCAST, station(machine))));
    await sibling.sync();
    expect((await relay().fdb(other)).size).toBe(2);
  });

  it("apply to the network's rates at once, and to no other network", async () => {
    const own = await relay().network();
    const other = await relay().network({ tenant: own.tenant });
    await using sends = await TunnelClient.joined(relay().url, own.token, own.vni);
    await using sees = await TunnelClient.joined(relay().url, own.token, own.vni);
    const say = async (text: string) => {
      await sends.send(packet(own.vni, ethernet(BROADCAST, station(1), text)));
      await sends.sync();
    };
    await say("before");
    await change(own, { network_packets_per_second: 0 });
    await say("in between");
    expect(await passes(other)).toBe(true);
    await change(own, { network_packets_per_second: "inherit" });
    await say("after");
    await sees.sync();
    expect(sees.takeRecords().map(({ frame }) => payloadOf(frame))).toEqual(["before", "after"]);
  });

  it("are deleted with it: a new network of the same name and VNI follows the tenant's at once", async () => {
    const [own] = await limited({ network_packets_per_second: 0, network_devices: 0 });
    const { tenant, name, vni } = own;
    expect(await passes(own)).toBe(false);
    await using open = await TunnelClient.joined(relay().url, own.token, vni);
    await relay().must("DELETE", pathOf(own));
    expect((await open.ended()).code).toBe(4003);
    await relay().must("POST", `/tenants/${tenant}/networks`, { name, vni });
    const { token } = await relay().token(tenant, name);
    const anew = { ...own, token };
    expect(await passes(anew)).toBe(true);
    await TestDevice.enrolled(relay(), await invite(relay(), anew));
  });
});
