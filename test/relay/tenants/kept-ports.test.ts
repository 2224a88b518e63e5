import { describe, expect, it } from "vitest";
import { SqliteStore } from "../../../relay/store/sqlite-store.ts";
import { Tenants } from "../../../relay/tenants/tenants.ts";

describe("stored ports", () => {
  function open() {
    const tenants = new Tenants(SqliteStore.open(":memory:"), () => 0);
    tenants.createTenant("acme");
    for (const name of ["one", "two"]) tenants.createNetwork("acme", { name });
    return tenants;
  }

  const port = (id: string, network = "one") => ({
    id,
    tenant: "acme",
    network,
    config: { kind: "vxlan", remotes: ["192.0.2.1"], wire_vni: 7 },
  });

  const forget = (tenants: Tenants, id: string) => tenants.ports.forget(tenants.network("acme", "one"), id);

  it("are unchanged and in their order", () => {
    const tenants = open();
    for (const one of [port("b"), port("a", "two"), port("c")]) tenants.ports.keep(one);
    expect(tenants.ports.all()).toEqual([port("b"), port("a", "two"), port("c")]);
  });

  it("are deleted one by one, each only by its own network", () => {
    const tenants = open();
    for (const one of [port("a"), port("b", "two")]) tenants.ports.keep(one);
    expect(() => forget(tenants, "b")).toThrow("there is no port 'b'");
    forget(tenants, "a");
    expect(tenants.ports.all()).toEqual([port("b", "two")]);
    expect(() => forget(tenants, "a")).toThrow("there is no port 'a'");
  });

  it("are deleted with their network, and with its tenant", () => {
    const tenants = open();
    for (const one of [port("a"), port("b", "two")]) tenants.ports.keep(one);
    tenants.deleteNetwork("acme", "one");
    expect(tenants.ports.all()).toEqual([port("b", "two")]);
    tenants.deleteTenant("acme");
    expect(tenants.ports.all()).toEqual([]);
  });

  it("cannot belong to a missing network", () => {
    expect(() => open().ports.keep(port("a", "three"))).toThrow("there is no network 'three'");
  });
});
