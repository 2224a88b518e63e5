// The cost of a hello in the store.
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, it, vi } from "vitest";
import { hashSecret } from "../../../relay/crypto/secret.ts";
import { SqliteStore } from "../../../relay/store/sqlite-store.ts";
import { Tenants } from "../../../relay/tenants/tenants.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A tenant with so many networks that give addresses. */
function tenantWith(count: number) {
  const store = SqliteStore.open(":memory:");
  const tenants = new Tenants(store, () => 0);
  tenants.createTenant("acme");
  const networks = Array.from({ length: count }, (_, i) =>
    tenants.createNetwork("acme", {
      name: `net-${i}`,
      subnet: "10.0.0.0/24",
      settings: { mac_limit: 100 + (i % 3) },
    }),
  );
  return { store, tenants, networks };
}

/** Number of statements sent to the database. */
function statements(work: () => unknown): number {
  const prepare = vi.spyOn(DatabaseSync.prototype, "prepare");
  work();
  const { length } = prepare.mock.calls;
  prepare.mockRestore();
  return length;
}

it.each([true, false])(
  "a token for many networks costs as many statements as for one (named: %s)",
  async (named) => {
    const asked: number[] = [];
    for (const count of [1, 300]) {
      const { tenants, networks } = tenantWith(count);
      const names = networks.map(({ name }) => name).reverse();
      const { secret } = await tenants.createToken("acme", named ? { networks: names } : {});
      const hash = await hashSecret(secret);
      asked.push(statements(() => tenants.authenticate(hash)));
      const granted = tenants.authenticate(hash)?.networks ?? [];
      const inOrder = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);
      expect([...granted].sort(inOrder)).toEqual([...networks].sort(inOrder));
      if (named) expect(granted[0]?.name).toBe(names[0]);
    }
    expect(asked).toEqual([2, 2]);
  },
);

it("a device on many networks costs as many statements as on one, once it has its addresses", () => {
  const asked: number[] = [];
  for (const count of [1, 300]) {
    const { store, tenants, networks } = tenantWith(count + 5);
    const on = networks.slice(5);
    store.devices.create({ id: "d", tenant: "acme", name: "laptop", publicKey: "k", createdAt: 0 });
    for (const { id } of on) store.devices.enter("d", id);
    const first = tenants.devices.grant("d");
    expect(first?.networks.map(({ id }) => id).sort()).toEqual(on.map(({ id }) => id).sort());
    asked.push(statements(() => tenants.devices.grant("d")));
    const again = tenants.devices.grant("d");
    expect(again).toEqual(first);
    expect(again?.addresses.size).toBe(count);
    for (const given of again?.addresses.values() ?? []) {
      expect(given.address).toBe("10.0.0.2/24");
      expect(given.address6).toMatch(/^fd.*\/64$/);
    }
  }
  expect(asked[1]).toBe(asked[0]);
  expect(asked[0]).toBeLessThanOrEqual(4);
});
