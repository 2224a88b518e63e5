import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DnsRates } from "../../../../relay/hub/host/dns-rates.ts";
import { networkHost } from "../../../../relay/hub/host/network-host.ts";
import { RELAY } from "../../../../relay/model/model.ts";
import { hubMac } from "../../../../shared/switch/policy/hub-policy.ts";
import { Segment } from "../../../../shared/switch/segment.ts";
import { ipv4 } from "../../../shared/switch/multicast/frames.ts";
import { KeepingPort, receive } from "../../../shared/switch/ports.ts";
import { dnsQuery } from "./dns-query.ts";
import { Office } from "./office.ts";

describe("DNS queries", () => {
  let office: Office;
  let now: number;
  let rates: DnsRates;

  beforeEach(() => {
    office = new Office();
    office.tenants.createTenant("bystander");
    now = 1_000;
    rates = new DnsRates(office.tenants.limits, 1_000, () => now);
  });

  afterEach(() => office[Symbol.dispose]());

  /** Returns how many queries are answered, of so many per second for so many seconds, in even steps. */
  function ask(tenant: string, perSecond: number, seconds: number, also: () => void = () => {}): number {
    let answered = 0;
    for (let i = 0; i < perSecond * seconds; i++) {
      now += 1 / perSecond;
      if (rates.take(tenant)) answered++;
      also();
    }
    return answered;
  }

  it("are answered up to the tenant's rate, in all its networks together, and it is notified", () => {
    office.tenants.limits.change("acme", { dns_queries_per_second: 100 }, RELAY);
    const answered = ask("acme", 1_000, 10);
    expect(answered).toBeGreaterThan(950);
    expect(answered).toBeLessThan(1_100);
    rates.tick();
    expect(office.tenants.notices.of("acme")).toMatchObject([{ code: "limit.dns-queries-per-second" }]);
    // Changed limits apply at once.
    office.tenants.limits.change("acme", { dns_queries_per_second: 0 }, RELAY);
    expect(ask("acme", 100, 1)).toBe(0);
    office.tenants.limits.change("acme", { dns_queries_per_second: null }, RELAY);
    expect(ask("acme", 100, 1)).toBe(100);
  });

  it("of one tenant leave the others their share of the relay's rate", () => {
    office.tenants.limits.change("acme", { dns_queries_per_second: null }, RELAY);
    let theirs = 0;
    let asked = 0;
    let turn = 0;
    const answered = ask("acme", 20_000, 5, () => {
      if (++turn % 100 !== 0) return;
      asked++;
      if (rates.take("bystander")) theirs++;
    });
    expect([theirs, asked]).toEqual([1_000, 1_000]);
    expect(answered).toBeLessThan(6_000);
  });

  it("above the rate are dropped as host-rate, and counted at the port that asks", () => {
    const network = office.network();
    const segment = new Segment(network.vni, () => now);
    let left = 3;
    const mayName = () => left-- > 0;
    const host = networkHost({ network, segment, names: office.names, mayName, clock: () => now });
    const port = new KeepingPort("port");
    segment.attach(port);
    for (let i = 0; i < 10; i++) {
      receive(segment, port, [
        ...dnsQuery({ mac: 0x0200_0000_0001, hub: hubMac(network.vni), from: ipv4("10.20.0.7") }),
      ]);
    }
    segment.flush();
    expect(host).toBeDefined();
    expect([port.frames.length, port.drops.of("host-rate")]).toEqual([3, 7]);
  });
});
