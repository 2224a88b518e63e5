import { expect, it } from "vitest";
import { BROADCAST, ethernet, hello, packet, station, TunnelClient } from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import { RelayProcess, type TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

interface Notice {
  readonly code: string;
  readonly network: string | null;
  readonly message: string;
  readonly hint: string;
  readonly first_at: string;
  readonly last_at: string;
  readonly count: number;
}

underEachRuntime("notices to a tenant's administrator", (runtime) => {
  const relay = sharedRelay(runtime);

  async function limited(limits: object): Promise<TestNetwork> {
    const network = await relay().network();
    await relay().must("PATCH", `/tenants/${network.tenant}/limits`, limits);
    return network;
  }

  async function notices(tenant: string, of = relay()): Promise<Notice[]> {
    return (await of.must("GET", `/tenants/${tenant}/notices`)) as Notice[];
  }

  it("report each reached limit: its name, its value, what to do, how often and when", async () => {
    const began = Date.now() - 1_000;
    const network = await limited({ networks: 1, tokens: 1, invites: 1, devices: 1, sessions: 1 });
    const { tenant, name, token } = network;
    const by = await invite(relay(), network, { uses: 9 });
    await TestDevice.enrolled(relay(), by);
    for (let i = 0; i < 3; i++) await relay().api("POST", `/tenants/${tenant}/networks`, { name: "more" });
    await relay().api("POST", `/tenants/${tenant}/tokens`, { network: name });
    await relay().api("POST", `/tenants/${tenant}/invites`, { network: name });
    await new TestDevice(relay()).enrol(by);
    await using first = await TunnelClient.welcomed(relay().url, token);
    await using second = await TunnelClient.open(relay().url);
    second.say(hello({ token }));
    await second.ended();
    await first.sync();

    const told = await notices(tenant);
    expect(told.map(({ code, count }) => [code, count])).toEqual(
      expect.arrayContaining([
        ["limit.networks", 3],
        ["limit.tokens", 1],
        ["limit.invites", 1],
        ["limit.devices", 1],
        ["limit.sessions", 1],
      ]),
    );
    for (const { code, network: where, message, hint, first_at, last_at } of told) {
      const limit = code.replace("limit.", "");
      expect(where).toBeNull();
      expect(message).toBe(`tenant '${tenant}' has reached its limit of 1 ${limit}`);
      expect(hint).toContain(`'${limit}'`);
      expect(Date.parse(first_at)).toBeGreaterThan(began);
      expect(Date.parse(last_at)).toBeGreaterThanOrEqual(Date.parse(first_at));
    }
  });

  it("name the network whose limit was reached", async () => {
    const network = await limited({ network_devices: 1, network_sessions: 1 });
    const by = await invite(relay(), network, { uses: 9 });
    const device = await TestDevice.enrolled(relay(), by);
    const refused = (await (await new TestDevice(relay()).enrol(by)).json()) as { detail: string };
    expect(refused.detail).toBe(`network '${network.name}' has reached its limit of 1 devices`);
    await using first = await device.joined(network.vni);
    await using second = await TunnelClient.welcomed(relay().url, network.token);
    second.say({ type: "join", vni: network.vni });
    const error = await second.control("error");
    expect(error).toMatchObject({
      code: "limit.network-sessions",
      message: expect.stringMatching(/limit of 1 sessions.*raise/),
    });
    await first.sync();
    expect((await notices(network.tenant)).map(({ code, network: where }) => [code, where]).sort()).toEqual([
      ["limit.network-devices", network.name],
      ["limit.network-sessions", network.name],
    ]);
  });

  it.each([
    [{ macs: 3 }, "limit.macs", 3],
    [{ network_macs: 3 }, "limit.network-macs", 3],
    [{}, "limit.session-macs", 64],
  ])("report MAC addresses over the limit, also to their session: %j", async (limits, code, limit) => {
    const { tenant, token, vni } = await limited(limits);
    await using sends = await TunnelClient.joined(relay().url, token, vni);
    await using sees = await TunnelClient.joined(relay().url, token, vni);
    for (let i = 1; i <= limit + 2; i++) await sends.send(packet(vni, ethernet(BROADCAST, station(i))));
    const notice = await sends.control("notice");
    expect(notice).toMatchObject({ code, message: expect.stringContaining(String(limit)) });
    await sees.sync();
    expect(sees.takeControls().filter(({ type }) => type === "notice")).toEqual([]);
    expect(await notices(tenant)).toMatchObject([{ code, message: expect.stringContaining(String(limit)) }]);
  });

  it("report what the hub notices in a network", async () => {
    const network = await relay().network(undefined, { mac_limit: 2 });
    await using sends = await TunnelClient.joined(relay().url, network.token, network.vni);
    for (let i = 1; i <= 4; i++) await sends.send(packet(network.vni, ethernet(BROADCAST, station(i))));
    await sends.sync();
    expect(await notices(network.tenant)).toMatchObject([
      { code: "mac-limit", network: network.name, count: 1 },
    ]);
  });

  it("belong to one tenant, and are deleted with it", async () => {
    const { tenant } = await limited({ networks: 1 });
    await relay().api("POST", `/tenants/${tenant}/networks`, { name: "more" });
    const other = await relay().network();
    expect(await notices(tenant)).toHaveLength(1);
    expect(await notices(other.tenant)).toEqual([]);
    const { token } = (await relay().must("POST", `/tenants/${other.tenant}/admins`, {})) as {
      token: string;
    };
    expect((await relay().api("GET", `/tenants/${tenant}/notices`, undefined, token)).status).toBe(404);
    expect((await relay().api("GET", `/tenants/${other.tenant}/notices`, undefined, token)).status).toBe(200);
    await relay().must("DELETE", `/tenants/${tenant}`);
    await relay().must("POST", "/tenants", { name: tenant });
    expect(await notices(tenant)).toEqual([]);
  });

  it("are logged by the relay as warnings, at a limited rate", async () => {
    await using own = await RelayProcess.start(runtime);
    await own.must("PATCH", "/tenants/default/limits", { networks: 1 });
    for (let i = 0; i < 5; i++) await own.api("POST", "/tenants/default/networks", { name: "more" });
    expect(await notices("default", own)).toMatchObject([{ count: 5 }]);
    const { stderr } = await own.stop();
    const lines = stderr.split("\n").filter((line) => line.includes("limit.networks"));
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ level: 40, tenant: "default", code: "limit.networks" }),
    ]);
  });
});
