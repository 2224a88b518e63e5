import { expect, it } from "vitest";
import { TunnelClient } from "../../../support/relay/client.ts";
import { type Invite, invite, TestDevice } from "../../../support/relay/device.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

/** The addresses of a network in `welcome`. */
interface Offer {
  readonly address?: string;
  readonly address6?: string;
  readonly dns?: object;
}

underEachRuntime("the addresses of a network", (runtime) => {
  const relay = sharedRelay(runtime);

  async function network(fields: object = { subnet: "10.20.0.0/24" }) {
    const { tenant } = await relay().network();
    await relay().must("POST", `/tenants/${tenant}/networks`, { name: "lan", ...fields });
    const by = await invite(relay(), { tenant, name: "lan" }, { uses: 100 });
    return { tenant, by, path: `/tenants/${tenant}/networks/lan/addresses` };
  }

  async function offerTo(device: TestDevice | undefined): Promise<Offer> {
    if (device === undefined) throw new Error("there is no such device");
    await using client = await device.open();
    const [offer = {}] = (await client.control("welcome"))["networks"] as Offer[];
    return offer;
  }

  async function addressOf(device: TestDevice): Promise<unknown> {
    return (await offerTo(device)).address;
  }

  const enrolled = async (by: Invite) => await TestDevice.enrolled(relay(), by);

  it("are assigned from the second on, one for each device, and stay", async () => {
    const { by } = await network();
    const devices = [await enrolled(by), await enrolled(by), await enrolled(by)];
    for (let round = 0; round < 2; round++) {
      const given: unknown[] = [];
      for (const device of devices) given.push(await addressOf(device));
      expect(given).toEqual(["10.20.0.2/24", "10.20.0.3/24", "10.20.0.4/24"]);
    }
  });

  it("are free again when a device is revoked", async () => {
    const { tenant, by } = await network();
    const gone = await enrolled(by);
    const stays = await enrolled(by);
    await relay().must("DELETE", `/tenants/${tenant}/devices/${gone.id}`);
    const comes = await enrolled(by);
    // Reused last, because neighbours may still have the old entry for the first address.
    expect(await addressOf(comes)).toBe("10.20.0.4/24");
    expect(await addressOf(stays)).toBe("10.20.0.3/24");
  });

  it("are reused when there is no other, the one released longest ago first", async () => {
    const { tenant, by } = await network({ subnet: "10.20.0.0/29" });
    const devices: TestDevice[] = [];
    for (let i = 0; i < 5; i++) devices.push(await enrolled(by));
    const revoke = async ({ id }: TestDevice) => {
      await relay().must("DELETE", `/tenants/${tenant}/devices/${id}`);
    };
    const [first, second, third, , last] = devices as [
      TestDevice,
      TestDevice,
      TestDevice,
      TestDevice,
      TestDevice,
    ];
    for (const gone of [third, last, first]) await revoke(gone);
    const fresh = await enrolled(by);
    expect(await addressOf(fresh)).toBe("10.20.0.4/29");
    await revoke(second);
    const given: unknown[] = [];
    for (let i = 0; i < 4; i++) given.push(await addressOf(await enrolled(by)));
    expect(given).toEqual(["10.20.0.6/29", "10.20.0.2/29", "10.20.0.3/29", undefined]);
  });

  it("include IPv6 from the network's own prefix, one for each device, and stay", async () => {
    const { tenant, by, path } = await network();
    const { prefix6 } = (await relay().must("GET", `/tenants/${tenant}/networks/lan`)) as { prefix6: string };
    expect(prefix6).toMatch(/^fd[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}::\/64$/);
    const devices = [await enrolled(by), await enrolled(by)];
    const [one, other] = [await offerTo(devices[0]), await offerTo(devices[1])];
    for (const { address6 } of [one, other]) {
      expect(address6).toMatch(new RegExp(`^${prefix6.slice(0, -"::/64".length)}:[0-9a-f:]+/64$`));
    }
    expect(one.address6).not.toBe(other.address6);
    expect(await offerTo(devices[0])).toEqual(one);
    expect(await relay().must("GET", path)).toMatchObject(
      [one, other].map(({ address6 = "" }) => ({ address6: address6.replace("/64", "") })),
    );
    const elsewhere = await network();
    expect((await offerTo(await enrolled(elsewhere.by))).address6).not.toContain(prefix6.slice(0, 14));
  });

  it("come with the DNS server's address and the network's domain", async () => {
    const { tenant, by } = await network();
    const { prefix6 } = (await relay().must("GET", `/tenants/${tenant}/networks/lan`)) as { prefix6: string };
    const servers = ["10.20.0.1", prefix6.replace("/64", "1")];
    expect(await offerTo(await enrolled(by))).toMatchObject({ dns: { servers, domain: "lan.lan.internal" } });
    const wire = await network({ subnet: "10.20.0.0/24", mode: "wire" });
    const offer = await offerTo(await enrolled(wire.by));
    expect(offer).toMatchObject({ address: "10.20.0.2/24" });
    expect(offer).not.toHaveProperty("dns");
  });

  it("can be reserved, and fixed for a device", async () => {
    const { by, path } = await network();
    expect(await relay().must("POST", path, { address: "10.20.0.2" })).toMatchObject({ kind: "reserved" });
    const device = await enrolled(by);
    expect(await addressOf(device)).toBe("10.20.0.3/24");
    await relay().must("POST", path, { address: "10.20.0.77", device: device.id });
    expect(await addressOf(device)).toBe("10.20.0.77/24");
    expect(await addressOf(await enrolled(by))).toBe("10.20.0.4/24");
    expect(await relay().must("GET", path)).toMatchObject([
      { address: "10.20.0.2", device: null, kind: "reserved" },
      { address: "10.20.0.4", kind: "given" },
      { address: "10.20.0.77", device: device.id, kind: "fixed" },
    ]);
    await relay().must("DELETE", `${path}/10.20.0.2`);
    expect(await addressOf(await enrolled(by))).toBe("10.20.0.5/24");
    await relay().must("POST", path, { address: "10.20.0.2", device: device.id });
    expect(await addressOf(device)).toBe("10.20.0.2/24");
  });

  it.each([
    [{ address: "10.20.0.1" }, 400, "address.outside"],
    [{ address: "10.20.0.255" }, 400, "address.outside"],
    [{ address: "10.21.0.2" }, 400, "address.outside"],
    [{ address: "here" }, 400, "address.outside"],
    [{ address: "10.20.0.9", device: "nobody" }, 404, "device.unknown"],
    [{ address: "10.20.0.5" }, 409, "address.taken"],
  ])("cannot be reserved or fixed with %j", async (request, status, code) => {
    const { path } = await network();
    await relay().must("POST", path, { address: "10.20.0.5" });
    const response = await relay().api("POST", path, request);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it("cannot be fixed for another tenant's device", async () => {
    const { path } = await network();
    const stranger = await enrolled((await network()).by);
    const response = await relay().api("POST", path, { address: "10.20.0.9", device: stranger.id });
    expect(await response.json()).toMatchObject({ status: 404, code: "device.unknown" });
  });

  it("run out; a device then joins without one", async () => {
    const { by } = await network({ subnet: "10.20.0.4/30" });
    expect(await addressOf(await enrolled(by))).toBe("10.20.0.6/30");
    expect(await addressOf(await enrolled(by))).toBeUndefined();
  });

  it.each([
    {},
    { subnet: "10.20.0.0/24", addresses: false },
    { subnet: "10.20.0.0/31" },
    { subnet: "fd00::/64" },
  ])("are not assigned by a network created with %j", async (fields) => {
    const { by, path } = await network(fields);
    expect(await offerTo(await enrolled(by))).not.toHaveProperty("address");
    expect(await offerTo(await enrolled(by))).not.toHaveProperty("address6");
    expect(await offerTo(await enrolled(by))).not.toHaveProperty("dns");
    const response = await relay().api("POST", path, { address: "10.20.0.9" });
    expect(await response.json()).toMatchObject({ code: "address.none" });
  });

  it("may be the same in two tenants", async () => {
    const one = await network();
    const other = await network();
    expect(await addressOf(await enrolled(one.by))).toBe("10.20.0.2/24");
    expect(await addressOf(await enrolled(other.by))).toBe("10.20.0.2/24");
    expect(await relay().must("GET", other.path)).toHaveLength(1);
  });

  it("are not assigned to sessions by token", async () => {
    const { tenant } = await network();
    const { token } = await relay().token(tenant, "lan");
    await using client = await TunnelClient.open(relay().url);
    client.say({ type: "hello", version: 1, client: { name: "t" }, auth: { method: "token", token } });
    const [offer] = (await client.control("welcome"))["networks"] as object[];
    expect(offer).not.toHaveProperty("address");
  });
});
