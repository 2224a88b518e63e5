import { expect, it } from "vitest";
import { hello, TunnelClient } from "../../../support/relay/client.ts";
import { invite, TestDevice } from "../../../support/relay/device.ts";
import type { TestNetwork } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("a client that checks an address before using it", (runtime) => {
  const relay = sharedRelay(runtime);

  /** Creates a network that assigns addresses. */
  async function network(): Promise<TestNetwork> {
    const other = await relay().network();
    const { tenant } = other;
    const request = { name: "gives", subnet: "10.20.0.0/24" };
    const { vni } = (await relay().must("POST", `/tenants/${tenant}/networks`, request)) as { vni: number };
    const { id, token } = await relay().token(tenant, request.name);
    return { ...other, name: request.name, vni, token, tokenId: id };
  }

  async function check(client: TunnelClient, { vni }: TestNetwork, address: string): Promise<object> {
    client.say({ type: "check", vni, address });
    return await client.control("checked");
  }

  /** Opens a device's session before it joins; resolves to it and the assigned addresses. */
  async function session(stack: AsyncDisposableStack, of: TestNetwork) {
    const device = await TestDevice.enrolled(relay(), await invite(relay(), of));
    const client = stack.use(await device.open());
    const { networks } = await client.control("welcome");
    const [{ address = "", address6 = "", dns }] = networks as [
      { address?: string; address6?: string; dns: { servers: string[] } },
    ];
    return { client, address, address6, dns, own: [address, address6].map((one) => one.split("/")[0] ?? "") };
  }

  it("learns the owner: the hub, another device, or none; and its own assigned address", async () => {
    await using stack = new AsyncDisposableStack();
    const of = await network();
    const [one, other] = [await session(stack, of), await session(stack, of)];
    const objections: [string, string][] = [
      ...one.dns.servers.map((hub): [string, string] => [hub, "it is the hub's own"]),
      ...other.own.map((its): [string, string] => [its, "it is another device's"]),
      ["10.20.1.7", "it is outside of the network's subnet, 10.20.0.0/24"],
      ["10.20.0.0", "it is outside of the network's subnet, 10.20.0.0/24"],
      ["10.20.0.255", "it is outside of the network's subnet, 10.20.0.0/24"],
    ];
    expect(objections).toHaveLength(7);
    for (const [address, objection] of objections) {
      const given = address.includes(":") ? one.address6 : one.address;
      expect(await check(one.client, of, address)).toEqual({
        ...{ type: "checked", vni: of.vni, address, objection, given },
      });
    }
    for (const address of [...one.own, "10.20.0.77", "2001:db8::1"]) {
      expect(await check(one.client, of, address)).toEqual({ type: "checked", vni: of.vni, address });
    }
  });

  it("may use what is reserved for it; a session by token is assigned none", async () => {
    await using stack = new AsyncDisposableStack();
    const of = await network();
    const { own } = await session(stack, of);
    const path = `/tenants/${of.tenant}/networks/${of.name}/addresses`;
    await relay().must("POST", path, { address: "10.20.0.88" });
    const client = stack.use(await TunnelClient.welcomed(relay().url, of.token));
    expect(await check(client, of, "10.20.0.88")).toEqual({
      type: "checked",
      vni: of.vni,
      address: "10.20.0.88",
    });
    expect(await check(client, of, own[0] ?? "")).toEqual({
      ...{ type: "checked", vni: of.vni, address: own[0], objection: "it is another device's" },
    });
  });

  it("may use any address if the relay assigns none, and may not ask about networks that it may not join", async () => {
    await using stack = new AsyncDisposableStack();
    const of = await relay().network();
    const client = stack.use(await TunnelClient.welcomed(relay().url, of.token));
    expect(await check(client, of, "192.0.2.1")).toEqual({
      type: "checked",
      vni: of.vni,
      address: "192.0.2.1",
    });
    const other = await network();
    client.say({ type: "check", vni: other.vni, address: "10.20.0.1" });
    expect(await client.control("error")).toMatchObject({
      code: "not-allowed",
      request: "check",
      vni: other.vni,
    });
    client.say({ type: "check", vni: of.vni, address: "nonsense" });
    expect(await client.control("error")).toMatchObject({ code: "invalid", request: "check", vni: of.vni });
  });

  it("knows from a feature that it may ask", async () => {
    const { token } = await network();
    await using client = await TunnelClient.open(relay().url);
    client.say(hello({ token, features: ["check"] }));
    expect(await client.control("welcome")).toMatchObject({ features: ["check"] });
  });
});
