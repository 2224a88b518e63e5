import { describe, expect, it } from "vitest";
import { wayOutside } from "../../../../desktop/agent/system/outside-routes.ts";
import type { IpRoute, LinkState } from "../../../../desktop/agent/system/state.ts";

function link(name: string, ...cidrs: string[]): LinkState {
  const addresses = cidrs.map((cidr) => ({ cidr, scope: "global", permanent: true }));
  return { index: 1, name, mac: "", mtu: 1500, txqueuelen: 0, flags: new Set(), operstate: "UP", addresses };
}

function route(to: string, dev: string, more: Partial<IpRoute> = {}): IpRoute {
  const rest = {
    type: "unicast",
    via: undefined,
    source: undefined,
    metric: 0,
    protocol: "boot",
    dead: false,
  };
  return { to, dev, ...rest, ...more };
}

const eth0 = link("eth0", "192.168.1.2/24");
const lw0 = link("lw0", "203.0.113.77/24");
const links = [eth0, lw0];
const byDefault = route("default", "eth0", { via: "192.168.1.1" });
const subnet = route("203.0.113.0/24", "lw0");
const way = (address: string, routes: readonly IpRoute[]) => wayOutside(address, links, [lw0], routes);

describe("the way to a relay outside of its networks", () => {
  it("is the one by which it would be reached without them", () => {
    expect(way("203.0.113.1", [byDefault, subnet])).toBe(byDefault);
    const special = route("203.0.113.0/28", "eth1", { metric: 7 });
    expect(way("203.0.113.1", [byDefault, special, subnet])).toBe(special);
    const cheaper = route("203.0.113.0/28", "eth2", { metric: 3 });
    expect(way("203.0.113.1", [byDefault, special, cheaper, subnet])).toBe(cheaper);
    expect(way("203.0.113.1", [byDefault, { ...cheaper, dead: true }, subnet])).toBe(byDefault);
  });

  it("is none of its own where it is reached so anyway", () => {
    expect(way("198.51.100.1", [byDefault, subnet])).toBeUndefined();
    expect(wayOutside("192.168.1.2", links, [lw0], [byDefault, subnet])).toBeUndefined();
    expect(way("relay.example", [byDefault])).toBeUndefined();
  });

  it("is needed where everything goes into a network, however that is written", () => {
    const halves = [route("0.0.0.0/1", "lw0"), route("128.0.0.0/1", "lw0")];
    expect(way("198.51.100.1", [byDefault, ...halves])).toBe(byDefault);
    expect(way("198.51.100.1", [route("default", "lw0"), { ...byDefault, metric: 100 }])).toMatchObject({
      dev: "eth0",
    });
  });

  it("is not one of our own, which go with us, and none where there is no other", () => {
    const ours = route("203.0.113.1", "eth9", { protocol: "76" });
    expect(way("203.0.113.1", [ours, byDefault, subnet])).toBe(byDefault);
    expect(way("203.0.113.1", [ours, subnet])).toBeUndefined();
  });
});
