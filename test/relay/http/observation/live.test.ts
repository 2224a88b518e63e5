// The live state of a network in the administration API, and the effect of settings.
import { expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../../shared/switch/settings.ts";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { arpRequest, dhcpOffer, igmpReport, toGroup } from "../../../support/relay/neighbour-frames.ts";
import type { TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const [A, B, C] = [station(0xa), station(0xb), station(0xc)];
const LIVE = ["fdb", "groups", "neighbours", "counters", "trace?from=a&to=b"];

underEachRuntime("the administration API of a network that runs", (runtime) => {
  const relay = sharedRelay(runtime);

  const pathOf = ({ tenant, name }: TestNetwork) => `/tenants/${tenant}/networks/${name}`;
  const rows = async (network: TestNetwork, what: string) =>
    (await relay().must("GET", `${pathOf(network)}/${what}`)) as Record<string, unknown>[];
  const change = (network: TestNetwork, settings: object) =>
    relay().must("PATCH", pathOf(network), { settings });

  async function join(stack: AsyncDisposableStack, { token, vni }: TestNetwork, name: string) {
    return stack.use(await TunnelClient.joined(relay().url, token, vni, { name }));
  }

  async function send(client: TunnelClient, { vni }: TestNetwork, frame: Uint8Array): Promise<void> {
    await client.send(packet(vni, frame));
    await client.sync();
  }

  async function heard(client: TunnelClient): Promise<string[]> {
    await client.sync();
    return client.takeRecords().map(({ frame }) => payloadOf(frame));
  }

  it("pins an address to a VTEP by name until it is unpinned", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network();
    const here = await join(stack, network, "here");
    const there = await join(stack, network, "there");
    await relay().must("POST", `${pathOf(network)}/fdb`, { mac: C, port: "here" });
    await send(there, network, ethernet(BROADCAST, C, "stolen"));
    expect(await heard(here)).toEqual([]);
    expect(await rows(network, "fdb")).toMatchObject([{ mac: C, kind: "static" }]);
    expect(await rows(network, "counters")).toContainEqual(
      expect.objectContaining({ name: "there", drops: { "static-mac": 1 } }),
    );
    await relay().must("DELETE", `${pathOf(network)}/fdb/${C}`);
    await send(there, network, ethernet(BROADCAST, C, "own"));
    expect(await heard(here)).toEqual(["own"]);
    for (const [body, status] of [
      [{ mac: C, port: "nowhere" }, 404],
      [{ mac: "01:00:5e:00:00:01", port: "here" }, 400],
    ] as const) {
      const refused = await relay().api("POST", `${pathOf(network)}/fdb`, body);
      expect([body.port, refused.status]).toEqual([body.port, status]);
    }
  });

  it("has the multicast group chosen at creation, if it is valid", async () => {
    const made = (name: string, group: string) =>
      relay().api("POST", "/tenants/default/networks", { name, group });
    expect(await (await made("grouped", "239.1.1.101")).json()).toMatchObject({ group: "239.1.1.101" });
    expect((await made("local", "224.0.0.251")).status).toBe(400);
    expect((await made("alone", "10.0.0.1")).status).toBe(400);
  });

  it("shows and changes settings, and keeps those not named", async () => {
    const network = await relay().network(undefined, { ageing: 60 });
    expect(await relay().must("GET", pathOf(network))).toMatchObject({
      settings: { ...DEFAULT_SETTINGS, ageing: 60 },
    });
    const changed = { settings: { ...DEFAULT_SETTINGS, ageing: 60, dhcp_guard: "on" } };
    expect(await change(network, { dhcp_guard: "on" })).toMatchObject(changed);
    expect(await relay().must("GET", pathOf(network))).toMatchObject(changed);
    expect(await change(network, {})).toMatchObject(changed);
  });

  it.each<[unknown, RegExp]>([
    [{ settings: { ageing: 1 } }, /ageing/],
    [{ settings: { ageing: "60" } }, /ageing/],
    [{ settings: { ethertypes: "ipv4" } }, /'ipv4'/],
    [{ settings: { colour: "blue" } }, /colour/],
    [{ settings: { dhcp_guard: true } }, /dhcp_guard/],
    [{}, /settings/],
    [{ settings: {}, vni: 5 }, /vni/],
    [[], /./],
  ])("refuses to change a network by %j, and gives the reason", async (request, why) => {
    const network = await relay().network();
    const response = await relay().api("PATCH", pathOf(network), request);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: "request.invalid",
      detail: expect.stringMatching(why),
    });
    expect(await relay().must("GET", pathOf(network))).toMatchObject({ settings: DEFAULT_SETTINGS });
  });

  it("applies changed settings to current and later sessions", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network();
    const one = await join(stack, network, "one");
    const other = await join(stack, network, "other");
    const waits = stack.use(await TunnelClient.welcomed(relay().url, network.token));
    one.say({ type: "register", vni: network.vni, endpoints: [{ mac: A, addresses: ["10.0.0.1"] }] });
    await send(one, network, ethernet(B, A, "flooded"));
    expect(await heard(other)).toEqual(["flooded"]);

    await change(network, { unknown_unicast: "drop" });
    await send(one, network, ethernet(B, A, "dropped"));
    expect(await heard(other)).toEqual([]);
    // Registrations remain.
    expect(await rows(network, "fdb")).toMatchObject([{ mac: A, kind: "registered" }]);
    expect(await rows(network, "neighbours")).toMatchObject([{ address: "10.0.0.1" }]);

    for (const client of [one, other]) await client.close();
    await expect.poll(() => rows(network, "counters")).toEqual([]);
    await waits.join(network.vni);
    const again = await join(stack, network, "again");
    await send(waits, network, ethernet(B, A, "dropped as well"));
    expect(await heard(again)).toEqual([]);
    await change(network, { unknown_unicast: "flood" });
    await send(waits, network, ethernet(B, A, "flooded again"));
    expect(await heard(again)).toEqual(["flooded again"]);
  });

  it("applies source binding to earlier registrations", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network();
    const one = await join(stack, network, "one");
    const other = await join(stack, network, "other");
    one.say({ type: "register", vni: network.vni, endpoints: [{ mac: A }] });
    await one.sync();
    await change(network, { source_binding: true });
    await send(one, network, ethernet(BROADCAST, A, "mine"));
    await send(one, network, ethernet(BROADCAST, B, "not mine"));
    expect(await heard(other)).toEqual(["mine"]);
    await send(other, network, ethernet(BROADCAST, C, "of nobody"));
    expect(await heard(one)).toEqual([]);
  });

  it("shows the members of each group, the network's own group first", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network();
    expect(await rows(network, "groups")).toEqual([]);
    const clients = [await join(stack, network, "one"), await join(stack, network, "two")] as const;
    const three = await join(stack, network, "three");
    const ports = (await rows(network, "counters")).map(({ port }) => port);
    const own = { group: network.group, vni: network.vni, ports };
    expect(await rows(network, "groups")).toMatchObject([own]);
    await send(clients[1], network, igmpReport(B, "239.1.2.3"));
    expect(await rows(network, "groups")).toMatchObject([
      own,
      { group: "239.1.2.3", vni: network.vni, vlans: [], ports: [ports[1]] },
    ]);
    const stream = toGroup(A, "239.1.2.3");
    await send(clients[0], network, stream);
    expect(await clients[1].frame()).toEqual(stream);
    expect(await heard(three)).toEqual([]);
  });

  it("shows the addresses that the hub answers for, as learnt from traffic", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network();
    const one = await join(stack, network, "one");
    expect(await rows(network, "neighbours")).toEqual([]);
    await send(one, network, arpRequest(A, "10.0.0.1", "10.0.0.99"));
    const [counter] = await rows(network, "counters");
    expect(await rows(network, "neighbours")).toEqual([
      {
        address: "10.0.0.1",
        mac: A,
        vni: network.vni,
        port: counter?.["port"],
        kind: "learned",
        age_seconds: expect.any(Number),
      },
    ]);
  });

  it("counts each port's frames, bytes, and drops by reason", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network();
    const one = await join(stack, network, "one");
    const two = await join(stack, network, "two");
    await send(one, network, ethernet(BROADCAST, A, "to two"));
    await send(two, network, ethernet("01:80:c2:00:00:0e", B, "LLDP"));
    await two.sync();
    expect(await rows(network, "counters")).toEqual([
      {
        port: expect.any(String),
        name: "one",
        device: null,
        vni: network.vni,
        state: "open",
        rx_frames: 1,
        rx_bytes: 60,
        tx_frames: 0,
        tx_bytes: 0,
        drops: {},
      },
      expect.objectContaining({
        name: "two",
        rx_frames: 1,
        tx_frames: 1,
        tx_bytes: 60,
        drops: { "link-local": 1 },
      }),
    ]);
  });

  it("shows what would happen to a frame", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network();
    const query = `trace?from=${A}&to=${B}`;
    expect(await rows(network, query)).toMatchObject([{ step: "outcome", result: "dropped" }]);
    const one = await join(stack, network, "one");
    const two = await join(stack, network, "two");
    await send(one, network, ethernet(BROADCAST, A));
    await send(two, network, ethernet(BROADCAST, B));
    expect((await rows(network, query)).at(-1)).toMatchObject({
      step: "outcome",
      result: "forwarded",
      detail: expect.stringContaining("two"),
    });
    expect((await rows(network, "trace?from=one&to=two")).at(-1)).toMatchObject({ result: "forwarded" });
    for (const wrong of ["trace", `trace?from=${A}`, `trace?from=${A}&to=carol`]) {
      const response = await relay().api("GET", `${pathOf(network)}/${wrong}`);
      expect([response.status, await response.json()]).toMatchObject([
        expect.toSatisfy((status: number) => status >= 400 && status < 500),
        { code: "trace.unknown" },
      ]);
    }
  });

  it.each(LIVE)("hides %s under the name of another tenant, and from a network's token", async (what) => {
    const network = await relay().network();
    const other = await relay().network();
    const foreign = `/tenants/${other.tenant}/networks/${network.name}`;
    const status = async (method: string, path: string, body?: object, token?: string) =>
      (await relay().api(method, path, body, token)).status;
    expect(await status("GET", `${foreign}/${what}`)).toBe(404);
    expect(await status("GET", `/tenants/nobody/networks/${network.name}/${what}`)).toBe(404);
    expect(await status("GET", `${pathOf(network)}/${what}`, undefined, network.token)).toBe(401);
    expect(await status("PATCH", foreign, { settings: { ageing: 60 } })).toBe(404);
    expect(await relay().must("GET", pathOf(network))).toMatchObject({ settings: DEFAULT_SETTINGS });
  });

  it("shows only a network's own state, even if another has the same machines", async () => {
    await using stack = new AsyncDisposableStack();
    const mine = await relay().network();
    const foreign = await relay().network();
    const one = await join(stack, mine, "one");
    const other = await join(stack, foreign, "other");
    await send(one, mine, arpRequest(A, "10.0.0.1", "10.0.0.99"));
    await send(other, foreign, igmpReport(A, "239.1.2.3"));
    expect(await rows(mine, "groups")).toHaveLength(1);
    expect(await rows(foreign, "neighbours")).toEqual([]);
    expect(await rows(mine, "counters")).toMatchObject([{ name: "one" }]);
    expect((await rows(foreign, `trace?from=${A}&to=${B}`)).at(-1)).toMatchObject({ result: "dropped" });
    const [port] = (await rows(mine, "fdb")).map((row) => row["port"]);
    expect(JSON.stringify(await rows(foreign, "fdb"))).not.toContain(String(port));
  });

  it("creates tokens for several networks of one tenant, and for no others", async () => {
    await using stack = new AsyncDisposableStack();
    const first = await relay().network();
    const second = await relay().network({ tenant: first.tenant });
    const third = await relay().network({ tenant: first.tenant });
    const foreign = await relay().network();
    const tokens = `/tenants/${first.tenant}/tokens`;
    const made = await relay().must("POST", tokens, { network: first.name, networks: [second.name] });
    expect(made).toMatchObject({ network: first.name, networks: [first.name, second.name], roles: [] });
    const { id, token } = made as { id: string; token: string };
    const client = stack.use(await TunnelClient.welcomed(relay().url, token));
    for (const { vni } of [first, second]) await client.join(vni);
    for (const { vni } of [third, foreign]) {
      client.say({ type: "join", vni });
      expect(await client.control("error")).toMatchObject({ request: "join", vni });
    }
    expect(await relay().must("GET", tokens)).toContainEqual(
      expect.objectContaining({ id, networks: [first.name, second.name] }),
    );
    const response = await relay().api("POST", tokens, { network: first.name, networks: [foreign.name] });
    expect(response.status).toBe(404);
    await relay().must("DELETE", pathOf(second));
    expect((await client.ended()).code).toBe(4003);
    const again = stack.use(await TunnelClient.welcomed(relay().url, token));
    await again.join(first.vni);
  });

  it("creates tokens with a role, which from then on only they have", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network();
    const plain = await join(stack, network, "plain");
    const client = await join(stack, network, "client");
    const offer = dhcpOffer(B);
    await send(plain, network, offer);
    expect(await client.frame()).toEqual(offer);
    await send(client, network, igmpReport(C, "239.1.2.3"));

    const tokens = `/tenants/${network.tenant}/tokens`;
    const made = await relay().must("POST", tokens, { network: network.name, roles: ["dhcp-server"] });
    expect(made).toMatchObject({ roles: ["dhcp-server"] });
    await send(plain, network, offer);
    expect(await heard(client)).toEqual([]);
    expect(await plain.control("notice")).toMatchObject({ code: "rogue-dhcp-server" });
    // Another token takes nothing from current sessions.
    expect(await rows(network, "groups")).toHaveLength(2);

    const { token } = made as { token: string };
    const server = stack.use(await TunnelClient.joined(relay().url, token, network.vni));
    const real = dhcpOffer(C);
    await send(server, network, real);
    expect(await plain.frame()).toEqual(real);
    const response = await relay().api("POST", tokens, { network: network.name, roles: ["king"] });
    expect(response.status).toBe(400);
  });
});
