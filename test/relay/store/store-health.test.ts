import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Sql } from "../../../relay/store/sql.ts";
import { StoreHealth, type Trouble } from "../../../relay/store/store-health.ts";
import { Office } from "../hub/host/office.ts";

describe("a database that is full", () => {
  let now = 0;
  let database: DatabaseSync;
  let health: StoreHealth;
  let sql: Sql;

  beforeEach(() => {
    now = 0;
    database = new DatabaseSync(":memory:");
    database.exec("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
    health = new StoreHealth(() => now);
    sql = new Sql(database, health);
  });
  afterEach(() => database.close());

  const room = (pages: number) => database.exec(`PRAGMA max_page_count = ${pages}`);
  const write = (text: string) => sql.run("INSERT INTO notes (text) VALUES (?)", text);
  const fill = () => {
    for (let i = 0; i < 1_000; i++) write("x".repeat(1_000));
  };
  const count = () => sql.get("SELECT COUNT(*) AS count FROM notes")?.["count"];
  const full = expect.objectContaining({
    code: "store.full",
    message: expect.stringMatching(/^no space left/),
  });

  it("reports that in place of the error of the rollback that SQLite has done by itself", () => {
    room(4);
    expect(() => sql.transaction(fill)).toThrow(full);
    expect(count()).toBe(0);
    expect(health.failure).toMatchObject({ code: "store.full" });
  });

  it("is still read, and works again as soon as there is room", () => {
    write("before");
    room(4);
    expect(() => sql.transaction(fill)).toThrow(full);
    expect(count()).toBe(1);
    room(4_000);
    sql.transaction(() => write("after"));
    expect(health.failure).toBeUndefined();
    expect(count()).toBe(2);
  });

  it("does nothing more of a transaction that it ended, even if an error within it was swallowed", () => {
    room(4);
    const swallowing = () => {
      health.attempt("fill", fill);
      write("this must not be written on its own");
    };
    expect(() => sql.transaction(swallowing)).toThrow(full);
    room(4_000);
    expect(count()).toBe(0);
    sql.transaction(() => write("after"));
    expect(count()).toBe(1);
  });

  it("is not blamed for a statement's own mistake", () => {
    expect(() => sql.run("INSERT INTO notes (id, text) VALUES (1, NULL)")).toThrow(/NOT NULL/);
    expect(health.failure).toBeUndefined();
  });

  it("is reported once a minute at most, however often it fails and works", () => {
    const told: unknown[] = [];
    health.onChanged((failure) => told.push(failure?.code));
    for (let i = 0; i < 10; i++) {
      room(4);
      expect(() => sql.transaction(fill)).toThrow(full);
      room(4_000);
      write("again");
      now++;
    }
    expect(told).toEqual(["store.full", undefined]);
    now = 60;
    room(4);
    expect(() => fill()).toThrow(full);
    expect(told).toEqual(["store.full", undefined, "store.full"]);
  });

  it("logs work that failed without stopping other work once a minute, with a count", () => {
    const troubles: Trouble[] = [];
    health.onTrouble((trouble) => troubles.push(trouble));
    const fails = () => {
      throw new Error("broken");
    };
    for (now = 0; now < 130; now++) expect(health.attempt("a", fails)).toBeUndefined();
    expect(health.attempt("b", () => 7)).toBe(7);
    health.attempt("b", fails);
    expect(troubles.map(({ what, count }) => [what, count])).toEqual([
      ["a", 1],
      ["a", 60],
      ["a", 60],
      ["b", 1],
    ]);
  });

  it("is tried every few seconds, however often it is asked", () => {
    let tries = 0;
    for (now = 0; now < 20; now += 0.1) if (health.takeTurn()) tries++;
    expect(tries).toBeLessThanOrEqual(5);
  });
});

describe("audit entries caused by frames", () => {
  it("waits to be written with the rest, and throws nothing if the store fails", () => {
    const office = new Office();
    const network = office.network();
    const reached = () => office.tenants.limits.reached("acme", "network_macs", { network: network.name });
    office.store.close();
    expect(reached).not.toThrow();
    expect(() => office.tenants.audit.flush()).not.toThrow();
    expect(office.tenants.limits.allows("umbrella", "sessions", 0)).toBe(true);
    expect(() => office.names.tryComplete(network)).not.toThrow();
    expect(office.tenants.addresses.tryGive(network, "nothing")).toEqual({
      address: undefined,
      address6: undefined,
    });
  });

  it("is limited for each tenant, and the rest is counted", () => {
    using office = new Office();
    for (let i = 0; i < 100; i++) {
      office.tenants.limits.reached("acme", "network_macs", { network: `n${i}` });
    }
    const entries = office.tenants.audit
      .entries({ tenant: "acme", limit: -1 })
      .filter(({ action }) => action === "limit.reached");
    expect(entries).toHaveLength(21);
    expect(entries[0]?.object).toBe("network_macs 100000 n0");
    expect(entries.at(-1)?.object).toBe("and 80 more");
  });
});
