import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Network } from "../../../relay/model/model.ts";
import { formatIpv4, parseIpv4 } from "../../../shared/frame/address.ts";
import { Office } from "../hub/host/office.ts";
import { counted } from "./counted.ts";

const DAY = 86_400;
const MAC = 0x0200_0000_0001;
const BY = { name: "test", from: undefined };

describe("the addresses of a network", () => {
  let office: Office;
  let network: Network;

  beforeEach(() => {
    office = new Office();
    network = office.network();
  });
  afterEach(() => office[Symbol.dispose]());

  const v4 = (text: string) => parseIpv4(text) ?? 0;
  const see = (...addresses: string[]) =>
    office.tenants.addresses.noteUsed(
      network,
      addresses.map((text) => ({ address: v4(text), mac: MAC })),
    );
  const listed = () =>
    office.tenants.addresses
      .of(network)
      .map(({ address, device, mac }) => [formatIpv4(address), device ?? mac]);
  const audited = () =>
    office.tenants.audit
      .entries({ tenant: "acme", limit: -1 })
      .flatMap(({ action, object }) => (action === "address.in-use" ? object : []));

  it("are not given while a machine uses them, which is noted once", () => {
    const using = new Set(["10.20.0.2", "10.20.0.4"].map(v4));
    office.tenants.addresses.watchBy((_network, address) =>
      typeof address === "number" && using.has(address) ? MAC : undefined,
    );
    const first = office.device(network, "a");
    const second = office.device(network, "b");
    expect([first.address, second.address]).toEqual(["10.20.0.3/24", "10.20.0.5/24"]);
    expect(listed()).toEqual([
      ["10.20.0.2", MAC],
      ["10.20.0.3", first.id],
      ["10.20.0.4", MAC],
      ["10.20.0.5", second.id],
    ]);
    expect(audited()).toEqual(["office 10.20.0.2 02:00:00:00:00:01", "office 10.20.0.4 02:00:00:00:00:01"]);
    // A device keeps its address, whatever others do.
    using.add(v4("10.20.0.3"));
    expect(office.tenants.addresses.give(network, first.id).address).toBe("10.20.0.3/24");
  });

  it("of IPv6 are not given while a machine uses them", () => {
    const asked: unknown[] = [];
    office.tenants.addresses.watchBy((_network, address) => {
      if (typeof address === "number") return undefined;
      asked.push(address);
      return asked.length < 3 ? MAC : undefined;
    });
    expect(office.device(network, "a").address6).toMatch(/^fd/);
    expect(new Set(asked).size).toBe(3);
  });

  it("are not given for a month after a machine was seen with them", () => {
    see("10.20.0.2", "10.20.0.3");
    expect(office.device(network, "a").address).toBe("10.20.0.4/24");
    office.now += 20 * DAY;
    see("10.20.0.3", "10.20.0.4");
    office.now += 20 * DAY;
    see("10.20.0.9");
    expect(office.device(network, "b").address).toBe("10.20.0.2/24");
    expect(office.device(network, "c").address).toBe("10.20.0.5/24");
    // A device's own address cannot be noted for another machine.
    expect(audited().map((object) => object.split(" ")[1])).toEqual(["10.20.0.2", "10.20.0.3", "10.20.0.9"]);
  });

  it("that were seen in use are given once an administrator has released them", () => {
    see("10.20.0.2");
    office.tenants.addresses.release(network, "10.20.0.2", BY);
    expect(listed()).toEqual([]);
    expect(office.device(network, "a").address).toBe("10.20.0.2/24");
    expect(() => office.tenants.addresses.release(network, "10.20.0.9", BY)).toThrow(/10\.20\.0\.9/);
  });

  it("that were released are given again only if no machine is seen with them", () => {
    const small = office.network({ name: "small", subnet: "10.21.0.0/29" });
    const devices = ["a", "b", "c", "d", "e"].map((name) => office.device(small, name));
    for (const { id } of devices) office.store.devices.delete("acme", id);
    office.tenants.addresses.watchBy((_network, address) => (address === v4("10.21.0.2") ? MAC : undefined));
    expect(office.device(small, "f").address).toBe("10.21.0.3/29");
  });

  it("do not fill the disk if a machine claims them all", () => {
    const wide = office.network({ name: "wide", subnet: "10.32.0.0/16" });
    const first = v4("10.32.0.2");
    const claims = Array.from({ length: 2_000 }, (_, i) => ({ address: first + i, mac: MAC }));
    office.tenants.addresses.noteUsed(wide, claims);
    expect(office.tenants.addresses.of(wide)).toHaveLength(1_024);
    expect(audited()).toEqual(["wide 10.32.0.2 02:00:00:00:00:01 and 1023 more"]);
  });

  it("are chosen with a few statements and one transaction, however many are seen in use", () => {
    const wide = office.network({ name: "wide", subnet: "10.32.0.0/16" });
    const first = v4("10.32.0.2");
    office.tenants.addresses.watchBy((_network, address) =>
      typeof address === "number" && address < first + 16_000 ? MAC : undefined,
    );
    const quiet = office.network({ name: "quiet", subnet: "10.33.0.0/16" });
    const few = counted(() => office.device(quiet, "a"));
    let second = "";
    const many = counted(() => {
      second = office.device(wide, "b").address ?? "";
    });
    expect(second).toBe("10.32.62.130/16");
    expect(many.reads).toBeLessThan(few.reads + 10);
    expect(many.begun).toBeLessThanOrEqual(few.begun + 1);
    // The notes are limited in number, and each is made once.
    expect(many.writes).toBeLessThan(1_024 + 50);
    const again = counted(() => office.device(wide, "c"));
    expect(again.writes).toBeLessThan(50);
    expect(again.reads).toBeLessThan(few.reads + 10);
    expect(audited()).toEqual(["wide 10.32.0.2 02:00:00:00:00:01 and 1023 more"]);
  });

  it("that were released are remembered up to a limit", () => {
    const wide = office.network({ name: "wide", subnet: "10.32.0.0/16" });
    const released = () => office.store.addresses.released(wide.id, 0, 2 ** 32 - 1);
    const first = v4("10.32.0.10");
    for (let i = 0; i < 5_000; i++) {
      office.store.addresses.take({ networkId: wide.id, address: first + i, device: undefined, fixed: true });
      office.store.addresses.release(wide.id, first + i);
    }
    office.device(wide, "a");
    expect(released()).toHaveLength(4_096);
    expect(released()[0]).toBe(first + 5_000 - 4_096);
  });

  it("are reserved up to the tenant's limit", () => {
    office.tenants.limits.change("acme", { reserved_addresses: 1 }, BY);
    office.tenants.addresses.take(network, "10.20.0.9", undefined, BY);
    expect(() => office.tenants.addresses.take(network, "10.20.0.10", undefined, BY)).toThrow(
      expect.objectContaining({ code: "limit.reserved-addresses" }),
    );
  });

  it("are noted only if they belong to the subnet", () => {
    see("10.20.0.0", "10.20.0.1", "10.20.0.255", "10.99.0.7", "192.0.2.1");
    expect(listed()).toEqual([]);
  });

  it("are forgotten with their network, and return with neither it nor its tenant", () => {
    see("10.20.0.2");
    const device = office.device(network, "a");
    office.tenants.deleteNetwork("acme", "office");
    expect(office.store.used.of(network.id)).toEqual([]);
    expect(office.store.addresses.released(network.id, 0, 2 ** 32 - 1)).toEqual([]);
    network = office.network({ name: "again" });
    office.device(network, "b");
    office.tenants.deleteTenant("acme");
    expect(office.store.devices.byId(device.id)).toBeUndefined();
    expect(office.store.addresses.released(network.id, 0, 2 ** 32 - 1)).toEqual([]);
  });
});
