import { expect, it } from "vitest";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { arpRequest, readArpReply } from "../../../support/relay/neighbour-frames.ts";
import type { TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const [A, B, C] = [station(0xa), station(0xb), station(0xc)];

underEachRuntime("a client that registers its machines", (runtime) => {
  const relay = sharedRelay(runtime);

  /** Creates a network with a client for each name. */
  async function members<Names extends readonly string[]>(
    stack: AsyncDisposableStack,
    ...names: Names
  ): Promise<{ network: TestNetwork; clients: { [I in keyof Names]: TunnelClient } }> {
    const network = await relay().network();
    const clients: TunnelClient[] = [];
    for (const name of names) {
      const client = await TunnelClient.joined(relay().url, network.token, network.vni, { name });
      clients.push(stack.use(client));
    }
    for (const client of clients) {
      await client.sync();
      client.takeControls();
    }
    return { network, clients: clients as { [I in keyof Names]: TunnelClient } };
  }

  async function register(client: TunnelClient, { vni }: TestNetwork, ...endpoints: object[]): Promise<void> {
    client.say({ type: "register", vni, endpoints });
    await client.sync();
  }

  async function send(client: TunnelClient, { vni }: TestNetwork, frame: Uint8Array): Promise<void> {
    await client.send(packet(vni, frame));
    await client.sync();
  }

  /** Returns the payloads that a client has received so far. */
  async function heard(client: TunnelClient): Promise<string[]> {
    await client.sync();
    return client.takeRecords().map(({ frame }) => payloadOf(frame));
  }

  async function rows(network: TestNetwork, what: string): Promise<object[]> {
    const path = `/tenants/${network.tenant}/networks/${network.name}/${what}`;
    return (await relay().must("GET", path)) as object[];
  }

  /** Machines with a description of some 180 kB: a full list. */
  const many = (name: string, which = 0) =>
    Array.from({ length: 256 }, (_, i) => ({
      mac: `02:00:00:00:0${which}:${i.toString(16).padStart(2, "0")}`,
      addresses: Array.from({ length: 16 }, (_, j) => `fd00:1111:2222:3333:4444:${which}555:${i}:${j}`),
      name,
    }));

  it("is announced in messages small enough for the others, however long its list", async () => {
    await using stack = new AsyncDisposableStack();
    const { network, clients } = await members(stack, "one", "two");
    for (const [i, client] of clients.entries()) await register(client, network, ...many("a".repeat(64), i));
    const third = stack.use(await TunnelClient.welcomed(relay().url, network.token));
    third.say({ type: "join", vni: network.vni });
    const heard = [...((await third.control("joined"))["members"] as object[])];
    while (heard.length < 2) heard.push((await third.control("member"))["member"] as object);
    expect(heard).toMatchObject([{ name: "one" }, { name: "two" }]);
    expect(third.longestText).toBeLessThanOrEqual(262_144);

    // Three bytes each: too large for a message, although it is short enough in characters.
    await third.sync();
    for (const client of clients) {
      await client.sync();
      client.takeControls();
    }
    clients[0].say({ type: "register", vni: network.vni, endpoints: many("网".repeat(256)) });
    expect(await clients[0].control("error")).toMatchObject({ request: "register", code: "invalid" });
    await clients[1].sync();
    expect(clients[1].takeControls().filter(({ type }) => type === "member")).toEqual([]);
  });

  it("is announced to current and later members, but not to itself", async () => {
    await using stack = new AsyncDisposableStack();
    const { network, clients } = await members(stack, "one", "two");
    const endpoints = [{ mac: A, addresses: ["10.0.0.1", "fe80::a"], name: "vm" }, { mac: B }];
    await register(clients[0], network, ...endpoints);
    expect(await clients[1].control("member")).toMatchObject({
      vni: network.vni,
      event: "changed",
      member: { name: "one", online: true, endpoints },
    });
    expect(clients[0].takeControls()).toEqual([]);
    const late = stack.use(await TunnelClient.welcomed(relay().url, network.token));
    const { members: there } = await late.join(network.vni);
    expect(there).toContainEqual(expect.objectContaining({ name: "one", endpoints }));
  });

  it("has its machines known before they send, and protected from impersonation", async () => {
    await using stack = new AsyncDisposableStack();
    const { network, clients } = await members(stack, "one", "two", "three");
    const [one, two, three] = clients;
    await register(one, network, { mac: A });
    expect(await rows(network, "fdb")).toMatchObject([{ mac: A, kind: "registered" }]);
    await send(two, network, ethernet(A, B, "for A"));
    expect([await heard(one), await heard(three)]).toEqual([["for A"], []]);

    await send(three, network, ethernet(BROADCAST, A, "I am A"));
    expect([await heard(one), await heard(two)]).toEqual([[], []]);
    await send(two, network, ethernet(A, B, "still for A"));
    expect([await heard(one), await heard(three)]).toEqual([["still for A"], []]);
    const counters = (await rows(network, "counters")) as { name: string; drops: object }[];
    expect(counters.find(({ name }) => name === "three")?.drops).toEqual({ "static-mac": 1 });
  });

  it("has queries for its addresses answered, and does not receive them", async () => {
    await using stack = new AsyncDisposableStack();
    const { network, clients } = await members(stack, "one", "two", "three");
    const [one, two, three] = clients;
    await register(one, network, { mac: A, addresses: ["10.0.0.1"] });
    expect(await rows(network, "neighbours")).toMatchObject([
      { address: "10.0.0.1", mac: A, kind: "registered", vni: network.vni },
    ]);
    await send(two, network, arpRequest(B, "10.0.0.2", "10.0.0.1"));
    expect(readArpReply(await two.frame())).toEqual({ to: B, mac: A, address: "10.0.0.1" });
    expect([await heard(one), await heard(three)]).toEqual([[], []]);
    const other = arpRequest(B, "10.0.0.2", "10.0.0.9");
    await send(two, network, other);
    expect([await one.frame(), await three.frame()]).toEqual([other, other]);
  });

  it("withdraws the machines and addresses missing from its next list", async () => {
    await using stack = new AsyncDisposableStack();
    const { network, clients } = await members(stack, "one", "two", "three");
    const [one, two, three] = clients;
    await register(one, network, { mac: A, addresses: ["10.0.0.1", "10.0.0.11"] }, { mac: C });
    await register(one, network, { mac: A, addresses: ["10.0.0.1"] });
    expect([...(await relay().fdb(network)).keys()]).toEqual([A]);
    expect(await rows(network, "neighbours")).toMatchObject([{ address: "10.0.0.1" }]);
    await send(three, network, ethernet(BROADCAST, C, "C is here now"));
    expect(await heard(two)).toEqual(["C is here now"]);

    await register(one, network);
    expect(await rows(network, "neighbours")).toEqual([]);
    await send(two, network, ethernet(BROADCAST, A, "A is here now"));
    expect(await heard(three)).toEqual(["A is here now"]);
    const events = two
      .takeControls()
      .map(({ event, member }) => [event, (member as { endpoints: [] }).endpoints.length]);
    expect(events).toEqual([
      ["changed", 2],
      ["changed", 1],
      ["changed", 0],
    ]);
  });

  it("withdraws its machines when it leaves or ends", async () => {
    await using stack = new AsyncDisposableStack();
    const { network, clients } = await members(stack, "one", "two", "three");
    const [one, two, three] = clients;
    await register(one, network, { mac: A, addresses: ["10.0.0.1"] });
    await register(two, network, { mac: B });
    two.say({ type: "leave", vni: network.vni });
    await two.control("left");
    expect([...(await relay().fdb(network)).keys()]).toEqual([A]);
    await one.close();
    await three.control(
      "member",
      ({ event, member }) => event === "left" && Reflect.get(Object(member), "name") === "one",
    );
    expect(await rows(network, "neighbours")).toEqual([]);
  });

  it("keeps its machines' addresses while they answer, even if another client registers them, and both get a notice", async () => {
    await using stack = new AsyncDisposableStack();
    const { network, clients } = await members(stack, "one", "two", "three");
    const [one, two, three] = clients;
    await register(one, network, { mac: A, addresses: ["10.0.0.1"] });
    two.say({ type: "register", vni: network.vni, endpoints: [{ mac: A, addresses: ["10.0.0.1"] }] });
    expect(await two.control("error")).toMatchObject({
      request: "register",
      code: "not-registered",
      message: expect.stringMatching(/^02:00:00:00:00:0a: in use/),
    });
    // The hub asks twice; answers before its next tick may not count.
    for (let i = 0; i < 2; i++) {
      await one.hubFrame();
      await send(one, network, arpRequest(A, "10.0.0.1", "10.0.0.99"));
    }
    for (const client of [one, two]) {
      expect(await client.control("notice")).toMatchObject({ code: "duplicate-mac" });
    }
    const notices = (await relay().must("GET", `/tenants/${network.tenant}/notices`)) as { code: string }[];
    expect(notices.map(({ code }) => code)).toContain("duplicate-mac");
    for (const client of clients) await heard(client);
    await send(three, network, ethernet(A, C, "for A"));
    expect([await heard(one), await heard(two)]).toEqual([["for A"], []]);
    // The refused registration is not announced.
    const told = three.takeControls().filter(({ type }) => type === "member");
    expect(told).toHaveLength(1);
  });

  it("loses its machines to another client soon if it does not answer the hub's query", async () => {
    await using stack = new AsyncDisposableStack();
    const { network, clients } = await members(stack, "one", "two", "three");
    const [one, two, three] = clients;
    await register(one, network, { mac: A, addresses: ["10.0.0.1"] });
    await register(two, network, { mac: A, addresses: ["10.0.0.1"] });
    await three.control(
      "member",
      ({ member }) =>
        Reflect.get(Object(member), "name") === "two" &&
        Reflect.get(Object(member), "endpoints").length === 1,
    );
    await send(three, network, ethernet(A, C, "for A"));
    expect([await heard(one), await heard(two)]).toEqual([[], ["for A"]]);
  });

  it("gets an error, and goes on, for networks that it has not joined and invalid machines", async () => {
    await using stack = new AsyncDisposableStack();
    const { network, clients } = await members(stack, "one", "two");
    const [one, two] = clients;
    const { vni } = network;
    await register(two, network, { mac: B, addresses: ["10.0.0.2"] });
    one.takeControls();
    const refused = async (endpoint: object) => {
      one.say({ type: "register", vni, endpoints: [{ mac: A }, endpoint] });
      return await one.control("error");
    };
    for (const mac of ["01:00:5e:00:00:01", "00:00:00:00:00:00", "here", "ff:ff:ff:ff:ff:ff"]) {
      expect(await refused({ mac })).toMatchObject({
        request: "register",
        vni,
        message: expect.stringContaining(mac),
      });
    }
    for (const address of ["10.0.0.2", "224.0.0.1", "::1", "nowhere"]) {
      expect(await refused({ mac: C, addresses: [address] })).toMatchObject({
        code: "not-registered",
        message: expect.stringContaining(address),
      });
    }
    expect(await refused({ addresses: [] })).toMatchObject({ request: "register", code: "invalid" });
    one.say({ type: "register", vni: vni + 1, endpoints: [] });
    expect(await one.control("error")).toMatchObject({
      request: "register",
      code: "not-joined",
      vni: vni + 1,
    });
    // The valid part was registered.
    expect([...(await relay().fdb(network)).keys()]).toContain(A);
    expect(await rows(network, "neighbours")).toMatchObject([{ address: "10.0.0.2", mac: B }]);
  });

  it("cannot register more machines than its limit", async () => {
    await using stack = new AsyncDisposableStack();
    const { network, clients } = await members(stack, "one");
    const many = Array.from({ length: 65 }, (_, i) => ({ mac: station(i + 1) }));
    clients[0].say({ type: "register", vni: network.vni, endpoints: many });
    expect(await clients[0].control("error")).toMatchObject({
      message: expect.stringContaining("over-limit"),
    });
    expect((await relay().fdb(network)).size).toBe(64);
  });

  it("is queried for its machines' groups when it registers them, once groups exist", async () => {
    await using stack = new AsyncDisposableStack();
    const network = await relay().network(undefined, { unregistered_multicast: "drop" });
    const other = stack.use(await TunnelClient.joined(relay().url, network.token, network.vni));
    await other.sync();
    // A client that is alone is not queried.
    expect(other.takeHubFrames()).toEqual([]);
    const client = stack.use(await TunnelClient.welcomed(relay().url, network.token));
    client.say({ type: "join", vni: network.vni });
    expect((await client.hubFrame()).readUInt16BE(12)).toBeTypeOf("number");
    await client.sync();
    // Not before it has joined, because the answer would be ignored.
    const [first] = client.takeControls();
    expect(first).toMatchObject({ type: "joined" });
    client.takeHubFrames();
    await register(client, network, { mac: A });
    // Immediately, or a second after the last query.
    await client.hubFrame();
  });
});
