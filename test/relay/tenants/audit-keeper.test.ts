import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NumberedEntry } from "../../../relay/store/tables/audit-table.ts";
import { AuditKeeper } from "../../../relay/tenants/audit-keeper.ts";
import { Office } from "../hub/host/office.ts";

const DAY = 86_400;
const BY = { name: "test", from: undefined };

describe("the audit log", () => {
  let office: Office;
  let exported: NumberedEntry[];
  let keeper: AuditKeeper;

  beforeEach(() => {
    office = new Office();
    office.tenants.createTenant("umbrella");
    exported = [];
    const { store, tenants } = office;
    keeper = new AuditKeeper({
      store,
      limits: tenants.limits,
      now: () => office.now,
      days: 400,
      entries: 50,
      exported: (entry) => exported.push(entry),
    });
  });
  afterEach(() => office[Symbol.dispose]());

  const change = (tenant: string | undefined, object: string) =>
    office.tenants.audit.note({ tenant, by: BY, action: "test.change", object });
  const changes = (tenant: string | undefined, count: number) => {
    for (let i = 0; i < count; i++) change(tenant, `${i}`);
  };
  const kept = (tenant: string | undefined) => office.tenants.audit.entries({ tenant, limit: -1 });
  const settle = () => {
    // Each step does a little: this is far more steps than needed.
    for (let i = 0; i < 100; i++) keeper.step();
  };

  it("keeps the newest entries of each tenant up to its limit, whatever others do", () => {
    office.tenants.limits.change("acme", { audit_entries: 20 }, BY);
    changes("umbrella", 30);
    changes("acme", 500);
    settle();
    expect(kept("acme").map(({ object }) => object)).toEqual(
      Array.from({ length: 20 }, (_, i) => `${480 + i}`),
    );
    expect(kept("umbrella")).toHaveLength(31);
    change("acme", "next");
    const [last, before] = kept("acme").reverse();
    expect(last?.number).toBe((before?.number ?? 0) + 1);
  });

  it("exports each entry once before removing it", () => {
    office.tenants.limits.change("acme", { audit_entries: 5 }, BY);
    const all = kept("acme");
    changes("acme", 50);
    const before = [...all, ...kept("acme").slice(all.length)];
    settle();
    expect(exported).toEqual(before.slice(0, -5));
  });

  it("removes entries in small steps", () => {
    office.tenants.limits.change("acme", { audit_entries: 5 }, BY);
    changes("acme", 500);
    expect(keeper.step()).toBe(true);
    expect(exported).toHaveLength(100);
    settle();
    expect(keeper.step()).toBe(false);
    expect(kept("acme")).toHaveLength(5);
  });

  it("keeps entries for so many days, and continues the numbers when none is left", () => {
    changes("acme", 3);
    office.now += 399 * DAY;
    change("acme", "late");
    const [{ number = 0 } = {}] = kept("acme").slice(-1);
    office.now += 2 * DAY;
    settle();
    expect(kept("acme").map(({ object }) => object)).toEqual(["late"]);
    office.now += 400 * DAY;
    settle();
    expect(kept("acme")).toEqual([]);
    change("acme", "new");
    expect(kept("acme")).toMatchObject([{ object: "new", number: number + 1 }]);
  });

  it("has a limit of its own for the relay, and for deleted tenants", () => {
    changes(undefined, 80);
    changes("umbrella", 80);
    office.tenants.deleteTenant("umbrella");
    settle();
    const left = kept(undefined);
    expect(left.filter(({ tenant }) => tenant === undefined)).toHaveLength(50);
    expect(left.filter(({ tenant }) => tenant === "umbrella")).toHaveLength(50);
    office.now += 401 * DAY;
    settle();
    expect(kept(undefined)).toEqual([]);
    office.tenants.createTenant("umbrella");
    expect(kept("umbrella")).toMatchObject([{ action: "tenant.create", number: 1 }]);
  });

  it("is read from a given time without scanning older entries", () => {
    changes("acme", 200);
    office.now += 1_000;
    changes("acme", 3);
    const of = (newest: boolean) =>
      office.tenants.audit.entries({ tenant: "acme", since: 10, newest, limit: 10 });
    expect(of(false).map(({ object }) => object)).toEqual(["0", "1", "2"]);
    expect(of(true).map(({ object }) => object)).toEqual(["2", "1", "0"]);
  });
});
