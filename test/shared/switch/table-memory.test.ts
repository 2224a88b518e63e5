/** Measures the heap bytes of an entry of each table, from which the tenants' limits are derived. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Budget, BudgetShares } from "../../../shared/switch/budget.ts";
import { GroupTable } from "../../../shared/switch/multicast/group-table.ts";
import { MulticastSnooper } from "../../../shared/switch/multicast/snooper.ts";
import { MAX_GROUPS_PER_PORT, UNITS_PER_DOMAIN } from "../../../shared/switch/multicast/timers.ts";
import { DISPUTE_UNITS, LEARNED_PER_PORT } from "../../../shared/switch/neighbours/limits.ts";
import { NeighbourTable } from "../../../shared/switch/neighbours/neighbour-table.ts";
import { MacTable } from "../../../shared/switch/places/mac-table.ts";
import { FrameView } from "../../../shared/switch/policy/frame-view.ts";
import { MacBudget } from "../../../shared/switch/port.ts";
import { ipv4, reportV2, tag } from "./multicast/frames.ts";
import { KeepingSender } from "./multicast/sent.ts";
import { KeepingPort } from "./ports.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const COUNT = 16_384;
const MAC = 0x0200_0000_0000;

/**
 * Bytes that stay in use for each of so many, of what `make` makes. The least of three times: what the engine compiles and
 * remembers meanwhile is on the same heap.
 */
function bytesEach(count: number, make: () => unknown): number {
  const once = () => {
    collect();
    const before = process.memoryUsage().heapUsed;
    const kept = make();
    collect();
    const bytes = process.memoryUsage().heapUsed - before;
    expect(kept).toBeDefined();
    return bytes;
  };
  return Math.round(Math.min(once(), once(), once()) / count);
}

/** Fractions, as clocks have them. */
let now = 1_000.123_456;
const later = () => {
  now += 0.001;
  return now;
};

function ports(each: number): KeepingPort[] {
  return Array.from({ length: COUNT / each }, (_, i) => new KeepingPort(`port${i}`, new MacBudget(COUNT)));
}

describe("what an entry takes", () => {
  it("of MAC addresses, learned and registered, and with where they were before", () => {
    const all = ports(64);
    const one = new KeepingPort("one", new MacBudget(2 * COUNT));
    const fill = (register: boolean) => () => {
      const table = new MacTable();
      for (let i = 0; i < COUNT; i++) {
        const port = all[i % all.length] as KeepingPort;
        if (register) table.register(MAC + i, port, later());
        else table.learn(MAC + i, port, later());
      }
      return table;
    };
    expect(bytesEach(COUNT, fill(false))).toBeLessThan(220);
    expect(bytesEach(COUNT, fill(true))).toBeLessThan(220);
    const moved = bytesEach(COUNT, () => {
      const table = new MacTable({ histories: new Budget(COUNT) });
      for (let i = 0; i < COUNT; i++) table.learn(MAC + i, all[0] as KeepingPort, later());
      for (let i = 0; i < COUNT; i++) table.learn(MAC + i, one, later());
      return table;
    });
    expect(moved).toBeLessThan(600);
  });

  it.each([
    ["IPv4", (i: number) => 0xc0a8_0000 + i],
    ["IPv6", (i: number) => (0xfe80n << 112n) + BigInt(i)],
  ])("of addresses of %s, and per unit where they are in dispute", (_, addressOf) => {
    const all = ports(LEARNED_PER_PORT);
    const fill = (table = new NeighbourTable()) => {
      for (let i = 0; i < COUNT; i++) {
        table.claim(
          { address: addressOf(i), mac: MAC + i, port: all[i % all.length] as KeepingPort },
          later(),
        );
      }
      return table;
    };
    expect(bytesEach(COUNT, fill)).toBeLessThan(320);
    const disputed = bytesEach(COUNT / 8, () => {
      const table = new NeighbourTable();
      const [a, b] = [new KeepingPort("a"), new KeepingPort("b")];
      for (let port = 0; port < 8; port++) {
        const other = new KeepingPort(`other${port}`);
        for (let i = port * 256; i < (port + 1) * 256; i++) {
          table.claim({ address: addressOf(i), mac: MAC + i, port: i % 2 === 0 ? a : b }, later());
          for (let turn = 1; turn < 6; turn++) {
            table.claim({ address: addressOf(i), mac: MAC + i + turn * COUNT, port: other }, later());
          }
        }
      }
      expect(table.size).toBe(COUNT / 8);
      return table;
    });
    expect(disputed / (1 + DISPUTE_UNITS)).toBeLessThan(320);
  });

  it("of memberships, of a port for itself and of many in one group", () => {
    const all = ports(MAX_GROUPS_PER_PORT);
    const room = () => new BudgetShares<object>(COUNT, [new Budget(COUNT)]);
    const alone = bytesEach(COUNT, () => {
      const table = new GroupTable(room());
      for (let i = 0; i < COUNT; i++) {
        table.join(ipv4("239.0.0.0") + i, all[i % all.length] as KeepingPort, later());
      }
      expect(table.memberships).toBe(COUNT);
      return table;
    });
    expect(alone).toBeLessThan(320);
    const together = bytesEach(COUNT, () => {
      const table = new GroupTable(room());
      for (const port of all) for (let i = 0; i < 1024; i++) table.join(ipv4("239.0.0.0") + i, port, later());
      return table;
    });
    expect(together).toBeLessThan(320);
  });

  it("of VLANs with a group in each, per unit", () => {
    const domains = 256;
    const all = ports(1_024);
    const each = bytesEach(domains, () => {
      const snooper = new MulticastSnooper(
        { mac: MAC, sender: new KeepingSender(), floodUnregistered: true },
        0,
      );
      for (let vlan = 1; vlan <= domains; vlan++) {
        const frame = reportV2(ipv4("239.1.2.3"), { tags: [tag(vlan)] });
        snooper.judge(all[vlan % 16] as KeepingPort, new FrameView().read(frame, 0, frame.length), later());
      }
      expect(snooper.groupCount).toBe(domains);
      return snooper;
    });
    expect(each / UNITS_PER_DOMAIN).toBeLessThan(320);
  });
});
