import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DUPLICATE_SECONDS,
  MacTable,
  type MacTableOptions,
  RECOVERY_SECONDS,
} from "../../../shared/switch/mac-table.ts";
import type { Notice } from "../../../shared/switch/notice.ts";
import { MacBudget } from "../../../shared/switch/port.ts";
import { KeepingPort } from "./ports.ts";

const A = 0x020000000001;
const B = 0x020000000002;

function lab(options: MacTableOptions = {}) {
  const notices: Notice[] = [];
  const table = new MacTable({ notice: (notice) => notices.push(notice), ...options });
  const ports = [0, 1, 2, 3].map((i) => new KeepingPort(`port${i}`));
  const at = (i: number) => ports[i] as KeepingPort;
  /** Learns A at these ports by turns, a second apart; what came of it. */
  const hop = (places: readonly number[], from = 0) =>
    places.map((place, i) => table.learn(A, at(place), from + i));
  return { table, at, notices, hop };
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

  it("takes no more addresses than the port may have, nor than the table may, and goes on with those it has", () => {
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
    table.learn(A, at(1), 0);
    expect(table.register(A, at(0), 0)).toBe("registered");
    expect(at(1).lastSource).toBeUndefined();
    expect(table.learn(A, at(1), 1)).toBe("static-mac");
    expect(table.learn(A, at(0), 1)).toBe("known");
    table.age(100_000);
    expect(table.find(A)).toMatchObject({ port: at(0), kind: "registered" });
    expect([at(0).macs.used, at(1).macs.used]).toEqual([1, 0]);
  });

  it("goes to whoever registers it last", () => {
    const { table, at } = lab();
    table.register(A, at(0), 0);
    expect(table.register(A, at(1), 0)).toBe("registered");
    expect(table.learn(A, at(0), 1)).toBe("static-mac");
    table.withdraw(A, at(0));
    expect(table.lookup(A)).toBe(at(1));
  });

  it("is forgotten when it is withdrawn, and free to be learnt then", () => {
    const { table, at } = lab();
    table.register(A, at(0), 0);
    table.withdraw(A, at(0));
    expect([table.lookup(A), at(0).macs.used]).toEqual([undefined, 0]);
    expect(table.learn(A, at(1), 1)).toBe("new");
    table.withdraw(A, at(1));
    expect(table.lookup(A)).toBe(at(1));
  });

  it("stays where it is when it is registered back and forth", () => {
    const { table, at, notices } = lab();
    const results = [0, 1, 0, 1, 0, 1].map((place, i) => table.register(A, at(place), i));
    expect(results.slice(0, 5)).toEqual(new Array(5).fill("registered"));
    expect([results[5], table.lookup(A), notices.length]).toEqual(["duplicate-mac", at(0), 1]);
  });
});

describe("a static address", () => {
  it("is moved by nothing and never forgotten, but with its port", () => {
    const { table, at } = lab();
    table.learn(A, at(1), 0);
    table.pin(A, at(0), 0);
    expect([table.learn(A, at(1), 1), table.register(A, at(1), 1)]).toEqual(["static-mac", "static-mac"]);
    expect([table.learn(A, at(0), 1), table.register(A, at(0), 1)]).toEqual(["known", "registered"]);
    table.age(100_000);
    expect(table.find(A)).toMatchObject({ port: at(0), kind: "static" });
    table.unpin(B);
    table.forget(at(0));
    expect(table.size).toBe(0);
  });

  it("counts for no limit", () => {
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
  it("stays where it was first, from its fifth move in 180 s on, and people hear of it once", () => {
    const { table, at, notices, hop } = lab();
    expect(hop([0, 1, 0, 1, 0, 1, 1, 0])).toEqual([
      ...["new", "moved", "moved", "moved", "moved"],
      ...["duplicate-mac", "duplicate-mac", "known"],
    ]);
    expect(table.lookup(A)).toBe(at(0));
    expect(at(1).macs.used).toBe(0);
    expect(notices).toMatchObject([{ code: "duplicate-mac", ports: [at(0), at(1)] }]);
    expect(notices[0]?.message).toMatch(/^02:00:00:00:00:01 moved 5 times .* stays at port0 /);
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

  it("is let go where the fifth move leads home", () => {
    const { table, at, notices, hop } = lab();
    expect(hop([0, 1, 2, 1, 2, 0]).at(-1)).toBe("moved");
    expect([table.lookup(A), at(2).lastSource, notices.length]).toEqual([at(0), undefined, 1]);
    expect(table.learn(A, at(1), 9)).toBe("duplicate-mac");
  });

  it("may move as often as it likes if it takes its time", () => {
    const { table, at, notices } = lab();
    const step = DUPLICATE_SECONDS / 4;
    for (let i = 0; i < 40; i++) expect(table.learn(A, at(i % 2), i * step)).not.toBe("duplicate-mac");
    expect(notices).toEqual([]);
  });

  it("may move again after the recovery time, and is frozen and told of again", () => {
    const { table, at, notices, hop } = lab();
    hop([0, 1, 0, 1, 0, 1]);
    expect(table.learn(A, at(0), 5 + RECOVERY_SECONDS - 1)).toBe("known");
    expect(table.learn(A, at(1), 5 + RECOVERY_SECONDS - 1)).toBe("duplicate-mac");
    expect(hop([1, 0, 1, 0, 1], 5 + RECOVERY_SECONDS)).toEqual([
      ...new Array(4).fill("moved"),
      "duplicate-mac",
    ]);
    expect(notices.length).toBe(2);
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

  it("is not one whose machine reconnects, however often", () => {
    const { table, notices } = lab();
    for (let i = 0; i < 20; i++) {
      const port = new KeepingPort(`session${i}`);
      expect(table.learn(A, port, i)).toBe("new");
      table.forget(port);
    }
    expect(notices).toEqual([]);
  });

  it("does not go back to a port that is gone", () => {
    const { table, at, hop } = lab();
    hop([0, 1, 2, 1, 2]);
    table.forget(at(0));
    expect(table.learn(A, at(1), 5)).toBe("duplicate-mac");
    expect([table.lookup(A), at(0).macs.used, at(2).macs.used]).toEqual([at(2), 0, 1]);
  });

  it("is followed for ever where others judge of it", () => {
    const { hop, notices } = lab({ freezes: false });
    expect(hop([0, 1, 0, 1, 0, 1, 0, 1]).slice(1)).toEqual(new Array(7).fill("moved"));
    expect(notices).toEqual([]);
  });

  it("is not frozen by a port that may have no more addresses", () => {
    const { table, at, notices } = lab();
    const narrow = new KeepingPort("narrow", new MacBudget(0));
    table.learn(A, at(0), 0);
    for (let i = 0; i < 9; i++) expect(table.learn(A, narrow, i)).toBe("over-limit");
    expect([notices, table.lookup(A)]).toEqual([[], at(0)]);
  });
});

describe("the figures of the table", () => {
  const step = fc.record({
    deed: fc.constantFrom("learn", "learn", "learn", "register", "withdraw", "pin", "unpin", "age", "forget"),
    mac: fc.integer({ min: 1, max: 6 }),
    port: fc.integer({ min: 0, max: 3 }),
    pause: fc.constantFrom(0, 1, 20, 200, 600),
  });

  it("agree with its entries, whatever was done to it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new MacTable({ limit: 5 });
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
            expect(table.register(mac, port, now) === "registered").toBe(table.lookup(mac) === port);
          } else if (deed === "withdraw") table.withdraw(mac, port);
          else if (deed === "pin") table.pin(mac, port, now);
          else if (deed === "unpin") table.unpin(mac);
          else if (deed === "age") table.age(now);
          else table.forget(port);
          const entries = [...table.entries()];
          const counted = entries.filter((entry) => entry.kind !== "static");
          expect(counted.length).toBeLessThanOrEqual(5);
          for (const one of ports) {
            expect(one.macs.used).toBe(counted.filter((entry) => entry.port === one).length);
            expect(one.macs.used).toBeLessThanOrEqual(one.macs.limit);
            if (one.lastSource !== undefined) expect(table.find(one.lastSource.mac)).toBe(one.lastSource);
            if (one.lastSource !== undefined) expect(one.lastSource.port).toBe(one);
          }
        }
      }),
    );
  });
});
