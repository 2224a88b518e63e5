import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NETWORK_LIMITS } from "../../../relay/hub/limits.ts";
import { NetworkHub } from "../../../relay/hub/network-hub.ts";
import { TableBudgets } from "../../../relay/hub/table-budgets.ts";
import { type Network, RELAY } from "../../../relay/model/model.ts";
import { DEFAULT_LIMITS } from "../../../shared/api/resources/limits.ts";
import { writeMac } from "../../../shared/frame/mac.ts";
import { ENCAPSULATION_BYTES, encapsulate } from "../../../shared/protocol/record.ts";
import { MacBudget } from "../../../shared/switch/port.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import { ipv4, ipv4Frame, reportV2, tag } from "../../shared/switch/multicast/frames.ts";
import { gratuitous } from "../../shared/switch/neighbours/lab.ts";
import { KeepingPort } from "../../shared/switch/ports.ts";
import { Office } from "./host/office.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

let macs = 0;

/** A port that counts what it is given, and keeps nothing. */
class DeafPort extends KeepingPort {
  count = 0;
  readonly mac = 0x0200_0000_0000 + ++macs;

  override send(): void {
    this.count++;
  }
}

describe("what a tenant's tables may hold", () => {
  let office: Office;
  let budgets: TableBudgets;
  let now: number;
  const hubs: NetworkHub[] = [];

  beforeEach(() => {
    office = new Office();
    budgets = new TableBudgets(office.tenants.limits);
    now = 1_000;
  });

  afterEach(() => {
    hubs.length = 0;
    office[Symbol.dispose]();
  });

  function open(name: string, tenant = "acme"): NetworkHub {
    const network = office.tenants.createNetwork(tenant, { name });
    const noticed = (of: Network, { code, message }: { code: string; message: string }) =>
      void office.tenants.notices.add(of.tenant, { code, network: of.name, message, hint: "" });
    const options = { network, roles: new Set<never>(), clock: () => now, noticed };
    const hub = new NetworkHub({ ...options, budgets: budgets.open(network) });
    hubs.push(hub);
    return hub;
  }

  function join(hub: NetworkHub, name: string): DeafPort {
    const port = new DeafPort(name, new MacBudget(64));
    hub.segment.attach(port);
    return port;
  }

  const codes = (tenant = "acme") => office.tenants.notices.of(tenant).map(({ code }) => code);

  /** Has a frame come in, of a machine of the port's own. */
  function send(hub: NetworkHub, port: DeafPort, frame: Uint8Array): void {
    const bytes = new Uint8Array(ENCAPSULATION_BYTES + frame.length);
    bytes.set(frame, ENCAPSULATION_BYTES);
    encapsulate(bytes, 0, bytes.length, hub.segment.vni);
    writeMac(bytes, ENCAPSULATION_BYTES + 6, port.mac);
    hub.segment.forward(port, new Block(bytes), 0, ENCAPSULATION_BYTES, bytes.length);
  }

  /** Says that each of the ports is in so many groups in each of so many VLANs of its own. */
  function joinGroups(hub: NetworkHub, ports: readonly DeafPort[], vlans: number, groups: number): void {
    ports.forEach((port, index) => {
      for (let vlan = 0; vlan < vlans; vlan++) {
        const tags = [tag(1 + index * vlans + vlan)];
        for (let i = 0; i < groups; i++) {
          const group = ipv4("239.1.0.0") + i;
          send(hub, port, reportV2(group, { tags }));
          // Traffic has the hub keep to whom it goes.
          if (i % 16 === 0) send(hub, port, ipv4Frame({ destination: group, tags }));
        }
      }
    });
    hub.segment.flush();
  }

  it("is bounded, whatever reports of groups its members send, and a member that is in order has its group still", () => {
    const hub = open("lab");
    // A setting, so that what is not known to have members goes to none.
    hub.change(
      { ...hub.network, settings: { ...hub.network.settings, unregistered_multicast: "drop" } },
      new Set(),
    );
    const other = open("other");
    const hostile = Array.from({ length: 8 }, (_, i) => join(hub, `hostile${i}`));
    const more = Array.from({ length: 8 }, (_, i) => join(other, `more${i}`));
    const [fine, source] = [join(hub, "fine"), join(hub, "source")];
    collect();
    const before = process.memoryUsage().heapUsed;
    for (const [where, ports] of [
      [hub, hostile],
      [other, more],
    ] as const)
      joinGroups(where, ports, 16, 80);
    collect();
    const bytes = process.memoryUsage().heapUsed - before;
    for (const one of [hub, other]) {
      expect(one.budgets?.groups.used).toBeLessThanOrEqual(NETWORK_LIMITS.groups);
      expect(one.policy.snooper?.groupCount).toBeLessThanOrEqual(8 * 1024);
    }
    // 2 networks × 8 ports × 1024 units, of some 250 bytes.
    expect(bytes).toBeLessThan(12 * 1024 * 1024);
    const group = ipv4("239.77.0.1");
    send(hub, fine, reportV2(group));
    fine.count = 0;
    send(hub, source, ipv4Frame({ destination: group }));
    expect(fine.count).toBe(1);
    for (const code of codes()) expect(code).toBe("limit.groups");
    expect(codes().length).toBeGreaterThan(0);
  });

  it("has a member's group come to it even where there is no room left, and says so to the tenant", () => {
    office.tenants.limits.change("acme", { groups: 100 }, RELAY);
    const hub = open("lab");
    const [hostile, fine, source] = ["hostile", "fine", "source"].map((name) => join(hub, name));
    if (hostile === undefined || fine === undefined || source === undefined) throw new Error("no ports");
    for (let i = 0; i < 500; i++) send(hub, hostile, reportV2(ipv4("239.1.0.0") + i));
    expect(hub.budgets?.groups.used).toBeLessThanOrEqual(100);
    const group = ipv4("239.77.0.1");
    send(hub, fine, reportV2(group));
    fine.count = 0;
    send(hub, source, ipv4Frame({ destination: group }));
    expect(fine.count).toBe(1);
    budgets.tick();
    expect(office.tenants.notices.of("acme")).toContainEqual(
      expect.objectContaining({
        code: "limit.groups",
        message: expect.stringContaining("limit of 100 groups"),
      }),
    );
  });

  it("is bounded in all its networks together, and leaves another tenant its own", () => {
    office.tenants.createTenant("bystander");
    office.tenants.limits.change("acme", { neighbours: 2_000 }, RELAY);
    const theirs = open("theirs", "bystander");
    let used = 0;
    for (let n = 0; n < 4; n++) {
      const hub = open(`lab${n}`);
      for (let p = 0; p < 4; p++) {
        const port = join(hub, `hostile${n}.${p}`);
        for (let i = 0; i < 1_000; i++)
          send(hub, port, gratuitous(port.mac, ipv4("10.0.0.0") + p * 1_000 + i));
      }
      used += hub.budgets?.neighbours.used ?? 0;
    }
    expect(used).toBe(2_000);
    const port = join(theirs, "fine");
    send(theirs, port, gratuitous(port.mac, ipv4("10.0.0.1")));
    expect(theirs.policy.suppressor?.owner(ipv4("10.0.0.1"), now)).toBeDefined();
    budgets.tick();
    expect(codes()).toContain("limit.neighbours");
    expect(codes("bystander")).toEqual([]);
    expect(DEFAULT_LIMITS.neighbours).toBeGreaterThan(2_000);
  });

  it("is given back as members leave, as settings change, and as a network is left by all", () => {
    const hub = open("lab");
    const ports = Array.from({ length: 4 }, (_, i) => join(hub, `port${i}`));
    const fill = () => {
      for (const port of ports) {
        for (let i = 0; i < 50; i++) send(hub, port, gratuitous(port.mac, ipv4("10.0.0.0") + i));
      }
      joinGroups(hub, ports, 2, 20);
    };
    const used = () => [hub.budgets?.neighbours.used, hub.budgets?.groups.used];
    fill();
    expect(used().every((units) => (units ?? 0) > 0)).toBe(true);
    hub.change({ ...hub.network, settings: { ...hub.network.settings, ageing: 60 } }, new Set());
    expect(used()).toEqual([0, 0]);
    fill();
    for (const port of ports) hub.segment.detach(port);
    expect(hub.budgets?.neighbours.used).toBe(0);
    // VLANs, and groups without members, are forgotten when nothing more is heard there.
    ports.length = 0;
    ports.push(join(hub, "a"), join(hub, "b"));
    for (let tick = 0; tick < 700; tick++) {
      now++;
      hub.tick();
    }
    expect(used()).toEqual([0, 0]);
    fill();
    const before = hub.budgets?.groups.used ?? 0;
    expect(before).toBeGreaterThan(0);
    hub.close();
    expect(used()).toEqual([0, 0]);
  });
});
