import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type LimitName } from "../../../shared/api/resources/limits.ts";
import { Office } from "../hub/host/office.ts";

describe("the limits of a tenant", () => {
  it("are each in the table of docs/tenants.md, with their default", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/tenants.md"), "utf8");
    const documented = new Map<string, string>();
    for (const [, names = "", values = ""] of page.matchAll(/^\| (`[^|]+?) +\| ([^|]+?) +\|/gm)) {
      const each = values.split(/, (?!\d{3}$)/);
      for (const [i, [, name = ""]] of [...names.matchAll(/`([a-z-]+)`/g)].entries()) {
        documented.set(name, each[i] ?? each[0] ?? "");
      }
    }
    for (const [name, value] of Object.entries(DEFAULT_LIMITS)) {
      const shown = value === null ? "none" : value.toLocaleString("en-US");
      expect([name, documented.get(name.replaceAll("_", "-"))]).toEqual([name, shown]);
    }
  });

  it.each<[LimitName, string, RegExp]>([
    ["changes_per_minute", "limit.changes-per-minute", /limit of 600 changes per minute$/],
    ["dns_queries_per_second", "limit.dns-queries-per-second", /limit of 2000 DNS queries per second$/],
  ])("that are rates are explained as rates: %s", (name, code, message) => {
    using office = new Office();
    const explained = office.tenants.limits.explain("acme", name);
    expect(explained).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(explained.hint).toMatch(/^Send less/);
  });
});
