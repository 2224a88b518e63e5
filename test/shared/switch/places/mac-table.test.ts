import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Budget } from "../../../../shared/switch/budget.ts";
import type { SegmentNotice } from "../../../../shared/switch/notice.ts";
import { MacTable, type MacTableOptions } from "../../../../shared/switch/places/mac-table.ts";
import {
  HELD_SECONDS,
  MAX_HISTORIES,
  RECOVERY_SECONDS,
  SETTLED_SECONDS,
} from "../../../../shared/switch/places/mobility.ts";
import { MacBudget, type Port } from "../../../../shared/switch/port.ts";
import { KeepingPort } from "../ports.ts";

const A = 0x020000000001;
const B = 0x020000000002;

function lab(options: MacTableOptions = {}) {
  const notices: SegmentNotice[] = [];
  /** The questions that the table asked, and whether it has a way to ask. */
  const asked: string[] = [];
  const world = { canAsk: true };
  const ask = (mac: number, port: Port) => {
    if (world.canAsk) asked.push(`${port.id} ${mac === A ? "A" : mac}`);
    return world.canAsk;
  };
  const table = new MacTable({ notice: (notice) => notices.push(notice), ask, ...options });
  const ports = [0, 1, 2, 3].map((i) => new KeepingPort(`port${i}`));
  const at = (i: number) => ports[i] as KeepingPort;
  /** Learns A at these ports by turns, a second apart; what came of it. */
  const hop = (places: readonly number[], from = 0) =>
    places.map((place, i) => table.learn(A, at(place), from + i));
  /** Lets ticks pass, a second apart, from one second to another, both included. */
  const pass = (from: number, to: number) => {
    for (let now = from; now <= to; now++) table.age(now);
  };
  return { table, at, notices, hop, asked, world, pass };
}

describe("the forwarding table", () => {
  it("gives an address to the newest place at once, and only there", () => {
    const { table, at } = lab();
    expect(table.learn(A, at(0), 0)).toBe("new");
    expect(table.learn(A, at(0), 1)).toBe("known");
    expect(table.learn(A, at(1), 2)).toBe("moved");
    expect(table.lookup(A)).toBe(at(1));
    expect([at(0).macs.used, at(1).macs.used]).toEqual([0, 1]);
    expect([at(0).lastSource, at(1).lastSource?.mac]).toEqual([undefined, A]);
    expect([...table.entries()]).toMatchObject([{ mac: A, port: at(1), kind: "learned", seenAt: 2 }]);
  });

  it("forgets a silent address after its own ageing time", () => {
    const { table, at } = lab({ ageing: 10 });
    table.learn(A, at(0), 0);
    table.learn(B, at(0), 1);
    table.age(9.5);
    expect(table.size).toBe(2);
    table.age(10);
    expect([table.find(A), table.find(B)?.port, at(0).macs.used]).toEqual([undefined, at(0), 1]);
  });

  it("has no more addresses than the port's and the table's limits, and keeps those it has", () => {
    const { table, at } = lab({ limit: 3 });
    const narrow = new KeepingPort("narrow", new MacBudget(1));
    expect(table.learn(1, narrow, 0)).toBe("new");
    expect(table.learn(2, narrow, 0)).toBe("over-limit");
    expect(table.register(2, narrow, 0)).toBe("over-limit");
    expect([table.learn(2, at(0), 0), table.learn(3, at(0), 0)]).toEqual(["new", "new"]);
    expect([table.learn(4, at(1), 0), table.register(4, at(1), 0)]).toEqual(["over-limit", "over-limit"]);
    expect([table.learn(1, narrow, 0), table.learn(2, narrow, 0)]).toEqual(["known", "over-limit"]);
    expect(table.learn(1, at(1), 0)).toBe("moved");
    expect([table.lookup(1), table.lookup(2), table.size]).toEqual([at(1), at(0), 3]);
  });
});

describe("a registered address", () => {
  it("is not moved by a frame at another port, nor forgotten while silent", () => {
    const { table, at } = lab();
    expect(table.register(A, at(0), 0)).toBe("registered");
    expect(table.learn(A, at(1), 1)).toBe("static-mac");
    expect(table.learn(A, at(0), 1)).toBe("known");
    table.age(100_000);
    expect(table.find(A)).toMatchObject({ port: at(0), kind: "registered" });
    expect([at(0).macs.used, at(1).macs.used]).toEqual([1, 0]);
  });

  it("stays with the first port that registers it, and both get a notice", () => {
    const { table, at, notices, asked, pass } = lab();
    table.register(A, at(0), 0);
    expect(table.register(A, at(1), 0.5)).toBe("contested");
    expect(asked).toEqual(["port0 A"]);
    pass(1, 1);
    expect(asked).toEqual(["port0 A", "port0 A"]);
    // Its answer.
    expect(table.learn(A, at(0), 1)).toBe("known");
    pass(2, 2);
    expect(table.register(A, at(1), 2, false)).toBe("contested");
    expect(notices).toMatchObject([{ code: "duplicate-mac", ports: [at(0), at(1)] }]);
    expect(notices[0]?.message).toMatch(
      /^02:00:00:00:00:01 is in use at port0, and another machine at port1 /,
    );
    expect([table.lookup(A), table.learn(A, at(1), 3)]).toEqual([at(0), "static-mac"]);
    pass(3, 60);
    expect([notices.length, table.lookup(A)]).toEqual([1, at(0)]);
  });

  it("moves to the next port that registers it if the first does not answer", () => {
    const { table, at, notices, pass } = lab();
    table.register(A, at(0), 0);
    expect(table.register(A, at(1), 0.5)).toBe("contested");
    pass(1, 1);
    expect(table.register(A, at(1), 1, false)).toBe("contested");
    pass(2, 2);
    const { moves } = table;
    expect(table.register(A, at(1), 2, false)).toBe("registered");
    expect(table.moves).toBeGreaterThan(moves);
    expect([table.find(A)?.port, at(0).macs.used, at(1).macs.used, notices]).toEqual([at(1), 0, 1, []]);
  });

  it("moves back to the first port if a frame comes in there after all, and both get a notice", () => {
    const { table, at, notices, pass } = lab();
    table.register(A, at(0), 0);
    table.register(A, at(1), 0.5);
    pass(1, 2);
    table.register(A, at(1), 2, false);
    expect(table.register(A, at(0), 3, false)).toBe("contested");
    expect(table.learn(A, at(0), 3)).toBe("moved");
    expect(table.find(A)).toMatchObject({ port: at(0), kind: "registered" });
    expect(notices).toMatchObject([{ code: "duplicate-mac", ports: [at(0), at(1)] }]);
    expect(table.learn(A, at(1), 4)).toBe("static-mac");
  });

  it("stays, and both get a notice, if the table cannot ask the first", () => {
    const { table, at, notices, world, pass } = lab();
    world.canAsk = false;
    table.register(A, at(0), 0);
    table.register(A, at(1), 0.5);
    pass(1, 2);
    expect(table.register(A, at(1), 2, false)).toBe("contested");
    expect([table.lookup(A), notices.length]).toEqual([at(0), 1]);
    table.forget(at(0));
    expect(table.register(A, at(1), 3, false)).toBe("registered");
  });

  it("moves to where it sends frames, registered or not, once the first does not answer", () => {
    const { table, at, pass } = lab();
    table.register(A, at(0), 0);
    expect(table.learn(A, at(1), 1)).toBe("static-mac");
    pass(2, 2);
    expect(table.learn(A, at(1), 2)).toBe("static-mac");
    pass(3, 3);
    expect(table.learn(A, at(1), 3)).toBe("moved");
    expect(table.find(A)).toMatchObject({ port: at(1), kind: "learned" });
  });

  it("is reported if it sends frames in two places", () => {
    const { table, at, notices, pass } = lab();
    table.register(A, at(0), 0);
    for (let now = 1; now < 6; now++) {
      pass(now, now);
      table.learn(A, at(0), now);
      expect(table.learn(A, at(1), now)).toBe("static-mac");
    }
    expect(notices).toMatchObject([{ code: "duplicate-mac", ports: [at(0), at(1)] }]);
  });

  it("is reported for a few addresses a minute, however many one port claims", () => {
    const { table, at, notices, pass } = lab();
    for (let mac = 1; mac <= 16; mac++) table.register(mac, at(0), 0);
    for (let mac = 1; mac <= 16; mac++) table.register(mac, at(1), 0);
    pass(1, 1);
    for (let mac = 1; mac <= 16; mac++) table.learn(mac, at(0), 1);
    pass(2, 2);
    for (let mac = 1; mac <= 16; mac++) table.register(mac, at(1), 2, false);
    expect(notices).toHaveLength(10);
  });

  it("that was learned elsewhere is registered once it has stayed, as the other place said nothing", () => {
    const { table, at, pass, asked } = lab();
    table.learn(A, at(1), 0);
    expect(table.register(A, at(0), 20)).toBe("contested");
    expect([table.lookup(A), table.find(A)?.kind, asked]).toEqual([at(0), "learned", ["port1 A"]]);
    expect(at(1).lastSource).toBeUndefined();
    pass(21, 22);
    expect(table.register(A, at(0), 22, false)).toBe("registered");
    expect(table.learn(A, at(1), 23)).toBe("static-mac");
  });

  it("that was learned elsewhere is not taken from a machine that is there", () => {
    const { table, at, pass, notices } = lab();
    table.learn(A, at(1), 0);
    table.register(A, at(0), 20);
    pass(21, 21);
    expect(table.learn(A, at(1), 21)).toBe("moved");
    pass(22, 22);
    expect(table.register(A, at(0), 22, false)).toBe("contested");
    expect([table.lookup(A), table.find(A)?.kind]).toEqual([at(1), "learned"]);
    expect(notices).toMatchObject([{ code: "duplicate-mac", ports: [at(1), at(0)] }]);
    // Nor where its first word at the other place was a frame.
    const other = lab();
    other.table.learn(A, other.at(1), 0);
    other.table.learn(A, other.at(0), 20);
    expect(other.table.register(A, other.at(0), 20)).toBe("contested");
    expect(other.table.learn(A, other.at(1), 21)).toBe("moved");
  });

  it("is forgotten when it is withdrawn, and can then be learnt", () => {
    const { table, at } = lab();
    table.register(A, at(0), 0);
    table.withdraw(A, at(0));
    expect([table.lookup(A), at(0).macs.used]).toEqual([undefined, 0]);
    expect(table.learn(A, at(1), 1)).toBe("new");
    table.withdraw(A, at(1));
    expect(table.lookup(A)).toBe(at(1));
  });
});

describe("an address that routers share", () => {
  const virtual = [
    ...[0x0000_5e00_0133, 0x0000_5e00_0201, 0x0000_0c07_ac0a],
    ...[0x0000_0c9f_f123, 0x0005_73a0_0001, 0x0007_b400_0101],
  ];

  it.each(virtual)("moves as often as it likes, from a registration too: %i", (mac) => {
    const { table, at, notices } = lab();
    for (let i = 0; i < 40; i++) expect(table.learn(mac, at(i % 2), i)).toBe(i === 0 ? "new" : "moved");
    expect(table.register(mac, at(0), 41)).toBe("registered");
    expect(table.register(mac, at(1), 42)).toBe("registered");
    expect(table.learn(mac, at(2), 43)).toBe("moved");
    expect([table.find(mac)?.kind, at(1).macs.used, notices]).toEqual(["learned", 0, []]);
  });

  it("is no address beside the ranges", () => {
    const { table, at } = lab();
    for (const mac of [0x0000_5e00_0001, 0x0000_5e00_0301, 0x0000_0c07_ad0a, 0x0000_0c9f_e123]) {
      table.register(mac, at(0), 0);
      expect(table.learn(mac, at(1), 1)).toBe("static-mac");
    }
  });
});

describe("a static address", () => {
  it("never moves and is never forgotten while its port stays", () => {
    const { table, at, notices } = lab();
    table.learn(A, at(1), 0);
    table.pin(A, at(0), 0);
    expect([table.learn(A, at(1), 1), table.register(A, at(1), 1)]).toEqual(["static-mac", "static-mac"]);
    expect(notices).toMatchObject([{ code: "duplicate-mac", ports: [at(0), at(1)] }]);
    expect([table.learn(A, at(0), 1), table.register(A, at(0), 1)]).toEqual(["known", "registered"]);
    table.age(100_000);
    expect(table.find(A)).toMatchObject({ port: at(0), kind: "static" });
    table.unpin(B);
    table.forget(at(0));
    expect(table.size).toBe(0);
  });

  it("counts towards no limit", () => {
    const { table } = lab({ limit: 1 });
    const narrow = new KeepingPort("narrow", new MacBudget(1));
    table.pin(A, narrow, 0);
    table.pin(A, narrow, 0);
    expect(table.learn(B, narrow, 0)).toBe("new");
    table.unpin(A);
    table.forget(narrow);
    expect([narrow.macs.used, table.size]).toEqual([0, 0]);
    expect(table.learn(A, narrow, 0)).toBe("new");
  });
});

describe("an address that keeps moving", () => {
  it("stays where it settled from its fifth move on, and is reported once", () => {
    const { table, at, notices, hop } = lab();
    expect(hop([0, 1, 0, 1, 0, 1, 1, 0])).toEqual([
      ...["new", "moved", "moved", "moved", "moved"],
      ...["duplicate-mac", "duplicate-mac", "known"],
    ]);
    expect(table.lookup(A)).toBe(at(0));
    expect(at(1).macs.used).toBe(0);
    expect(notices).toMatchObject([{ code: "duplicate-mac", ports: [at(0), at(1)] }]);
    expect(notices[0]?.message).toMatch(/^02:00:00:00:00:01 moved 5 times .* stays at port0 while /);
  });

  it("stays with its machine when a loop between two other ports brings its frames back", () => {
    const { table, at, hop } = lab();
    table.learn(A, at(2), 0);
    expect(hop([0, 1, 0, 1, 0, 1], 100)).toEqual([
      ...new Array(4).fill("moved"),
      "duplicate-mac",
      "duplicate-mac",
    ]);
    expect(table.lookup(A)).toBe(at(2));
    expect([at(0), at(1), at(2)].map((port) => port.macs.used)).toEqual([0, 0, 1]);
    expect(table.learn(A, at(2), 107)).toBe("known");
  });

  it("is not held if the fifth move leads back", () => {
    const { table, at, notices, hop } = lab();
    expect(hop([0, 1, 2, 1, 2, 0]).at(-1)).toBe("moved");
    expect([table.lookup(A), at(2).lastSource, notices.length]).toEqual([at(0), undefined, 1]);
    expect(table.learn(A, at(1), 9)).toBe("duplicate-mac");
  });

  it("may move any number of times if it moves slowly (a phone between two access points)", () => {
    const { table, at, notices } = lab();
    const step = SETTLED_SECONDS;
    for (let i = 0; i < 40; i++) expect(table.learn(A, at(i % 2), i * step)).not.toBe("duplicate-mac");
    expect(notices).toEqual([]);
  });

  it("may move again after the recovery time, and is then held and reported again", () => {
    const { table, at, notices, hop } = lab();
    hop([0, 1, 0, 1, 0, 1]);
    for (let now = 5; now < 5 + RECOVERY_SECONDS; now += HELD_SECONDS - 1) {
      table.learn(A, at(0), now);
      expect(table.learn(A, at(1), now + 1)).toBe("duplicate-mac");
    }
    expect(table.learn(A, at(0), 5 + RECOVERY_SECONDS - 1)).toBe("known");
    expect(table.learn(A, at(1), 5 + RECOVERY_SECONDS - 1)).toBe("duplicate-mac");
    expect(hop([1, 0, 1, 0, 1], 5 + RECOVERY_SECONDS)).toEqual([
      ...new Array(4).fill("moved"),
      "duplicate-mac",
    ]);
    expect(notices.length).toBe(2);
  });

  it("moves to where it sends frames once it is silent where it is held", () => {
    const { table, at, hop } = lab();
    hop([0, 1, 0, 1, 0, 1]);
    table.learn(A, at(0), 6);
    expect(table.learn(A, at(1), 6 + HELD_SECONDS - 1)).toBe("duplicate-mac");
    expect(table.learn(A, at(1), 6 + HELD_SECONDS)).toBe("moved");
  });

  it("moves to where it announces itself, and back once a frame comes in where it is held", () => {
    const { table, at, hop } = lab();
    hop([0, 1, 0, 1, 0, 1]);
    expect(table.announce(A, at(1), 8)).toBe(true);
    expect([table.lookup(A), at(0).macs.used, at(1).macs.used]).toEqual([at(1), 0, 1]);
    expect(table.learn(A, at(1), 8)).toBe("known");
    expect(table.learn(A, at(2), 9)).toBe("duplicate-mac");
    expect(table.learn(A, at(0), 9)).toBe("moved");
    expect(table.learn(A, at(1), 9)).toBe("duplicate-mac");
  });

  it("does not go to where a loop brings its announcement back", () => {
    const { table, at, hop } = lab();
    hop([0, 1, 0, 1, 0, 1]);
    table.announce(A, at(0), 8);
    table.learn(A, at(0), 8);
    expect([table.announce(A, at(1), 8.1), table.lookup(A)]).toEqual([false, at(0)]);
    expect(table.announce(A, at(1), 10)).toBe(true);
  });

  it("has the place asked that it leaves for where it was before: if it is there too, it says so", () => {
    const { table, at, asked } = lab();
    table.learn(A, at(0), 0);
    table.learn(A, at(1), 20);
    expect(asked).toEqual([]);
    table.learn(A, at(0), 40);
    expect(asked).toEqual(["port1 A"]);
  });

  it("is remembered for the latest addresses only", () => {
    const { table, at } = lab();
    const [one, other] = [0, 1].map((i) => new KeepingPort(`big${i}`, new MacBudget(10_000)));
    for (let mac = 1; mac <= 3 * MAX_HISTORIES; mac++) table.learn(mac, one as Port, 0);
    for (let mac = 1; mac <= 3 * MAX_HISTORIES; mac++)
      expect(table.learn(mac, other as Port, 1)).toBe("moved");
    table.forget(one as Port);
    table.forget(other as Port);
    expect([table.size, one?.macs.used, other?.macs.used]).toEqual([0, 0, 0]);
    expect(table.learn(A, at(0), 2)).toBe("new");
  });

  it("is free at once when it aged out where it was, or when that port is gone", () => {
    const { table, at, hop } = lab();
    hop([0, 1, 0, 1, 0, 1]);
    table.age(400);
    expect(table.learn(A, at(1), 400)).toBe("new");
    hop([0, 1, 0, 1, 0], 401);
    expect(table.learn(A, at(0), 410)).toBe("duplicate-mac");
    table.forget(at(1));
    expect(table.learn(A, at(0), 411)).toBe("new");
  });

  it("does not include a machine that reconnects, however often", () => {
    const { table, notices } = lab();
    for (let i = 0; i < 20; i++) {
      const port = new KeepingPort(`session${i}`);
      expect(table.learn(A, port, i)).toBe("new");
      table.forget(port);
    }
    expect(notices).toEqual([]);
  });

  it("does not move back to a port that left", () => {
    const { table, at, hop } = lab();
    hop([0, 1, 2, 1, 2]);
    table.forget(at(0));
    expect(table.learn(A, at(1), 5)).toBe("duplicate-mac");
    expect([table.lookup(A), at(0).macs.used, at(2).macs.used]).toEqual([at(2), 0, 1]);
  });

  it("is never held if the table may not hold addresses", () => {
    const { hop, notices } = lab({ freezes: false });
    expect(hop([0, 1, 0, 1, 0, 1, 0, 1]).slice(1)).toEqual(new Array(7).fill("moved"));
    expect(notices).toEqual([]);
  });

  it("is not held by a port without room for addresses", () => {
    const { table, at, notices } = lab();
    const narrow = new KeepingPort("narrow", new MacBudget(0));
    table.learn(A, at(0), 0);
    for (let i = 0; i < 9; i++) expect(table.learn(A, narrow, i)).toBe("over-limit");
    expect([notices, table.lookup(A)]).toEqual([[], at(0)]);
  });
});

describe("the figures of the table", () => {
  const step = fc.record({
    deed: fc.constantFrom(
      "learn",
      "learn",
      "learn",
      "register",
      "withdraw",
      "pin",
      "unpin",
      "age",
      "forget",
      "announce",
      "tick",
    ),
    mac: fc.integer({ min: 1, max: 6 }),
    port: fc.integer({ min: 0, max: 3 }),
    pause: fc.constantFrom(0, 1, 20, 200, 600),
  });

  it("agree with its entries after any sequence of calls", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const histories = new Budget(3);
        const table = new MacTable({ limit: 5, ask: () => true, histories });
        const ports = [3, 3, 3, 1].map((macs, i) => new KeepingPort(`port${i}`, new MacBudget(macs)));
        let now = 0;
        for (const { deed, mac, port: index, pause } of steps) {
          const port = ports[index] as KeepingPort;
          now += pause;
          const before = table.lookup(mac);
          if (deed === "learn") {
            const learned = table.learn(mac, port, now);
            const passes = ["known", "new", "moved"].includes(learned);
            expect(table.lookup(mac) === port).toBe(passes);
            if (!passes && learned !== "duplicate-mac") expect(table.lookup(mac)).toBe(before);
          } else if (deed === "register") {
            if (table.register(mac, port, now) === "registered") expect(table.lookup(mac)).toBe(port);
          } else if (deed === "announce") table.announce(mac, port, now);
          else if (deed === "tick") {
            for (let i = 0; i < 3; i++) table.age(++now);
          } else if (deed === "withdraw") table.withdraw(mac, port);
          else if (deed === "pin") table.pin(mac, port, now);
          else if (deed === "unpin") table.unpin(mac);
          else if (deed === "age") table.age(now);
          else table.forget(port);
          const entries = [...table.entries()];
          const counted = entries.filter((entry) => entry.kind !== "static");
          expect(counted.length).toBeLessThanOrEqual(5);
          expect(histories.used).toBeLessThanOrEqual(3);
          for (const one of ports) {
            expect(one.macs.used).toBe(counted.filter((entry) => entry.port === one).length);
            expect(one.macs.used).toBeLessThanOrEqual(one.macs.own);
            if (one.lastSource !== undefined) expect(table.find(one.lastSource.mac)).toBe(one.lastSource);
            if (one.lastSource !== undefined) expect(one.lastSource.port).toBe(one);
          }
        }
        for (const port of ports) table.forget(port);
        expect(histories.used).toBe(0);
      }),
    );
  });
});
