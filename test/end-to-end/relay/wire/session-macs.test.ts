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

underEachRuntime("the number of MAC addresses of one session", (runtime) => {
  const relay = sharedRelay(runtime);

  /** Creates a token for networks, with the options of `more`. */
  async function tokenFor([first, ...others]: TestNetwork[], more: object): Promise<string> {
    const body = { network: first?.name, networks: others.map(({ name }) => name), ...more };
    const made = await relay().must("POST", `/tenants/${first?.tenant}/tokens`, body);
    expect(made).toMatchObject(more);
    return (made as { token: string }).token;
  }

  async function joined(token: string, network: TestNetwork): Promise<TunnelClient> {
    return TunnelClient.joined(relay().url, token, network.vni);
  }

  /** Registers machines, the first with the number `from`. */
  async function announce(
    client: TunnelClient,
    { vni }: TestNetwork,
    count: number,
    from = 1,
  ): Promise<void> {
    for (let i = from; i < from + count; i++)
      await client.send(packet(vni, ethernet(BROADCAST, station(i), `${i}`)));
    await client.sync();
  }

  /** Returns how many of a session's `count` machines pass. */
  async function passing(
    client: TunnelClient,
    network: TestNetwork,
    count: number,
    from = 1,
  ): Promise<number> {
    await using sees = await joined(network.token, network);
    await announce(client, network, count, from);
    await sees.sync();
    return new Set(sees.takeRecords().map(({ frame }) => payloadOf(frame))).size;
  }

  const limit = (network: TestNetwork, limits: object) =>
    relay().must("PATCH", `/tenants/${network.tenant}/limits`, limits);

  const limitIn = (network: TestNetwork, limits: object) =>
    relay().must("PATCH", `/tenants/${network.tenant}/networks/${network.name}/limits`, limits);

  async function welcomed(token: string): Promise<unknown> {
    await using client = await TunnelClient.open(relay().url);
    client.say(hello({ token }));
    return (await client.control("welcome"))["limits"];
  }

  async function welcome(device: TestDevice): Promise<unknown> {
    await using client = await device.open();
    return await client.control("welcome");
  }

  it("is 64 by default, and follows the tenant's limit at once, for open sessions too", async () => {
    const network = await relay().network();
    await using site = await joined(network.token, network);
    expect(await passing(site, network, 100)).toBe(64);
    await limit(network, { session_macs: 500 });
    expect(await passing(site, network, 100)).toBe(100);
    expect(await welcomed(network.token)).toMatchObject({ macs: 500 });
    await limit(network, { session_macs: null });
    expect(await welcomed(network.token)).toMatchObject({ macs: 1_048_576 });
    await limit(network, { session_macs: 0 });
    expect(await passing(site, network, 1, 1_000)).toBe(0);
    expect(await welcomed(network.token)).toMatchObject({ macs: 1 });
  });

  it("is lower or higher in a network with its own limit", async () => {
    const few = await relay().network();
    const more = await relay().network({ tenant: few.tenant });
    const other = await relay().network({ tenant: few.tenant });
    await limitIn(few, { network_session_macs: 5 });
    await limitIn(more, { network_session_macs: 90 });
    const token = await tokenFor([few, more, other], {});
    await using site = await joined(token, few);
    await site.join(more.vni);
    await site.join(other.vni);
    expect(await passing(site, few, 8)).toBe(5);
    expect(await site.control("notice")).toMatchObject({
      code: "limit.session-macs",
      message: expect.stringMatching(`limit of 5 MAC addresses in network '${few.name}'`),
    });
    expect(await passing(site, other, 70)).toBe(64);
    // For all its networks together: the highest of their limits.
    expect(await passing(site, more, 90)).toBe(21);
    expect(await welcomed(token)).toMatchObject({ macs: 90 });
  });

  it("is the token's own, regardless of the limits, within the tenant's total", async () => {
    const network = await relay().network();
    await limit(network, { session_macs: 3 });
    const [wide, narrow] = [await tokenFor([network], { macs: 90 }), await tokenFor([network], { macs: 2 })];
    expect(await welcomed(wide)).toMatchObject({ macs: 90 });
    await using site = await joined(wide, network);
    expect(await passing(site, network, 100)).toBe(90);
    await using lamp = await joined(narrow, network);
    expect(await passing(lamp, network, 5, 1_000)).toBe(2);
    await limit(network, { macs: 92 });
    await using late = await joined(wide, network);
    expect(await passing(late, network, 5, 2_000)).toBe(0);
  });

  it("is a device's by its invite, and by a later one", async () => {
    const network = await relay().network();
    const device = await TestDevice.enrolled(relay(), await invite(relay(), network, { macs: 70 }));
    await using site = await device.joined(network.vni);
    expect(await passing(site, network, 100)).toBe(70);
    await device.enrol(await invite(relay(), network, {}));
    expect(await welcome(device)).toMatchObject({ limits: { macs: 70 } });
    await device.enrol(await invite(relay(), network, { macs: 80 }));
    expect(await welcome(device)).toMatchObject({ limits: { macs: 80 } });
    const invites = await relay().must("GET", `/tenants/${network.tenant}/invites`);
    expect((invites as { macs: number | null }[]).map(({ macs }) => macs ?? 0).sort()).toEqual([0, 70, 80]);
  });

  it.each([0, -1, 1.5, "5", 1_000_001])("cannot be %j for a token", async (macs) => {
    const { tenant, name: network } = await relay().network();
    expect((await relay().api("POST", `/tenants/${tenant}/tokens`, { network, macs })).status).toBe(400);
    expect((await relay().api("POST", `/tenants/${tenant}/invites`, { network, macs })).status).toBe(400);
  });

  it("gives a notice at 80 %, to the session and the tenant's administrator, once and before a drop", async () => {
    const network = await relay().network();
    await limit(network, { session_macs: 20 });
    await using site = await joined(network.token, network);
    await announce(site, network, 16);
    const told = {
      code: "limit.session-macs-near",
      message: expect.stringContaining("16 of 20 MAC addresses"),
    };
    expect(await site.control("notice")).toMatchObject(told);
    const notices = async () =>
      (await relay().must("GET", `/tenants/${network.tenant}/notices`)) as { code: string }[];
    expect(await notices()).toMatchObject([{ ...told, count: 1 }]);
    await announce(site, network, 2, 17);
    await announce(site, network, 5, 19);
    expect(await site.control("notice")).toMatchObject({ code: "limit.session-macs" });
    expect(await notices()).toMatchObject([{ code: "limit.session-macs" }, { ...told, count: 1 }]);
  });
});
