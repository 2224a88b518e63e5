import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../../../shared/frame/address.ts";
import { Budget } from "../../../../shared/switch/budget.ts";
import {
  DISPUTE_UNITS,
  LEARNED_PER_PORT,
  LEARNED_PER_SEGMENT,
  NEIGHBOUR_AGEING_SECONDS,
  REGISTERED_PER_PORT,
} from "../../../../shared/switch/neighbours/limits.ts";
import { NeighbourTable } from "../../../../shared/switch/neighbours/neighbour-table.ts";
import { KeepingPort } from "../ports.ts";
import {
  A,
  advertisement,
  arpReply,
  arpRequest,
  B,
  C,
  gratuitous,
  HUB,
  lab,
  read,
  solicitation,
  v4,
  v6,
} from "./lab.ts";

describe("a registered address", () => {
  it("is answered for from the start, and does not age", () => {
    const { suppressor, hear, a, b, clock, pass } = lab();
    expect(suppressor.register(a, A, ["10.20.0.1"], clock.now)).toEqual([]);
    expect(hear(b, arpRequest(B, v4(2), v4(1)))).toBe("answered");
    pass(3 * NEIGHBOUR_AGEING_SECONDS);
    expect(hear(b, arpRequest(B, v4(2), v4(1)))).toBe("answered");
    expect([...suppressor.entries()].map(({ kind }) => kind)).toContain("registered");
  });

  it("of IPv6 is answered for once its machine has said whether it is a router", () => {
    const { suppressor, hear, a, b, clock, pass, takeSent } = lab();
    const ask = solicitation({ source: v6(2), target: v6(1), mac: B });
    suppressor.register(a, A, ["fe80::1"], clock.now);
    expect(hear(b, ask)).toBe("pass");
    pass(1);
    expect(takeSent().some(({ port, frame }) => port === a && read(frame).ethernet.destination === A)).toBe(
      true,
    );
    hear(a, advertisement({ target: v6(1), mac: A, router: true }));
    expect(hear(b, ask)).toBe("answered");
    expect(read(takeSent().at(-1)?.frame).message).toMatchObject({ router: true });
  });

  it("is not taken from a machine that has it already, unless that says nothing when it is asked", () => {
    const { suppressor, hear, a, b, c, clock, pass, takeSent } = lab();
    hear(b, gratuitous(B, v4(1)));
    clock.now += 60;
    const enter = (isNews = false) => suppressor.enter(a, A, v4(1), clock.now, isNews);
    expect(enter(true)).toBe("contested");
    expect(takeSent().map(({ port }) => port)).toEqual([b]);
    pass(1);
    hear(b, arpReply(B, v4(1), HUB));
    pass(1);
    expect(enter()).toBe("contested");
    expect([...suppressor.entries()]).toMatchObject([{ mac: B, port: b, kind: "learned" }]);
    // It is not asked without end.
    takeSent();
    pass(8);
    expect([enter(), takeSent()]).toEqual(["contested", []]);
    pass(2);
    expect(enter()).toBe("contested");
    pass(2);
    expect(enter()).toBe("registered");
    expect([...suppressor.entries()]).toMatchObject([{ mac: A, port: a, kind: "registered" }]);
    expect(hear(c, arpRequest(C, v4(3), v4(1)))).toBe("answered");
  });

  it("is not taken by a claim first and a registration then from a machine that is there", () => {
    const { suppressor, hear, a, b, clock, pass, notices } = lab();
    hear(b, gratuitous(B, v4(1)));
    clock.now += 60;
    hear(a, gratuitous(A, v4(1)));
    expect(suppressor.enter(a, A, v4(1), clock.now)).toBe("contested");
    pass(1);
    hear(b, arpReply(B, v4(1), HUB));
    pass(2);
    expect(suppressor.enter(a, A, v4(1), clock.now, false)).toBe("contested");
    expect([...suppressor.entries()]).toMatchObject([{ mac: B, port: b }]);
    expect(notices.map(({ code }) => code)).toContain("duplicate-address");
  });

  it("belongs to the first port that registers it, until that leaves or does not answer", () => {
    const { suppressor, a, b, clock, pass } = lab();
    suppressor.register(a, A, ["10.20.0.1", "10.20.0.3"], clock.now);
    expect(suppressor.register(b, B, ["10.20.0.1", "10.20.0.2"], clock.now)).toEqual(["10.20.0.1"]);
    const { moves } = suppressor;
    pass(2);
    expect([...suppressor.entries()].find(({ address }) => address === v4(1))?.port).toBe(b);
    expect(suppressor.moves).toBeGreaterThan(moves);
    suppressor.detach(a);
    expect(suppressor.register(b, B, ["10.20.0.3"], clock.now)).toEqual([]);
    expect([...suppressor.entries()].every(({ port }) => port === b)).toBe(true);
  });

  it("follows its machine to the session it comes back with, before the old one has gone", () => {
    const { suppressor, a, b, clock } = lab();
    suppressor.register(a, A, ["10.20.0.1"], clock.now);
    expect(suppressor.register(b, A, ["10.20.0.1"], clock.now)).toEqual([]);
    suppressor.detach(a);
    expect([...suppressor.entries()]).toMatchObject([{ mac: A, port: b }]);
  });

  it("stays where it is registered, wherever its MAC appears, without a notice", () => {
    const { suppressor, hear, a, b, fdb, clock, notices } = lab();
    suppressor.register(a, A, ["10.20.0.1"], clock.now);
    fdb.set(A, b);
    hear(b, gratuitous(A, v4(1)));
    expect([...suppressor.entries()]).toMatchObject([{ port: a }]);
    expect(notices).toEqual([]);
  });

  it("can be withdrawn, for one MAC or for all", () => {
    const { suppressor, a, b, clock } = lab();
    suppressor.register(a, A, ["10.20.0.1"], clock.now);
    suppressor.register(a, C, ["10.20.0.3"], clock.now);
    suppressor.register(b, B, ["10.20.0.2"], clock.now);
    suppressor.withdraw(a, C);
    expect([...suppressor.entries()].map(({ mac }) => mac)).toEqual([A, B]);
    suppressor.withdraw(a);
    expect([...suppressor.entries()].map(({ mac }) => mac)).toEqual([B]);
  });

  it("is one of a machine, and there are only so many", () => {
    const { suppressor, a, clock } = lab();
    const nonsense = ["0.0.0.0", "224.0.0.1", "ff02::1", "::", "10.20.0", "", "10.20.0.1/24"];
    expect(suppressor.register(a, A, nonsense, clock.now)).toEqual(nonsense);
    const many = Array.from({ length: REGISTERED_PER_PORT + 1 }, (_, i) => `10.30.${i >> 8}.${i & 255}`);
    expect(suppressor.register(a, A, many, clock.now)).toEqual([many.at(-1)]);
  });
});

describe("the room for addresses", () => {
  it("behind one port is bounded, so that no one fills it for others", () => {
    const { suppressor, hear, a, b, clock } = lab();
    for (let i = 0; i < 2 * LEARNED_PER_PORT; i++) hear(a, gratuitous(A, 0x0a00_0000 + i));
    expect([...suppressor.entries()]).toHaveLength(LEARNED_PER_PORT);
    hear(b, gratuitous(B, v4(2)));
    expect([...suppressor.entries()]).toHaveLength(LEARNED_PER_PORT + 1);
    // Registered addresses have room of their own.
    expect(suppressor.register(a, A, ["10.20.0.1"], clock.now)).toEqual([]);
  });

  it("is free again when addresses age", () => {
    const { suppressor, hear, a, pass } = lab();
    for (let i = 0; i < LEARNED_PER_PORT; i++) hear(a, gratuitous(A, 0x0a00_0000 + i));
    pass(NEIGHBOUR_AGEING_SECONDS);
    hear(a, gratuitous(A, v4(1)));
    expect([...suppressor.entries()]).toHaveLength(1);
  });

  it("is free again when machines move away", () => {
    const { suppressor, hear, a, b } = lab();
    for (let i = 0; i < LEARNED_PER_PORT; i++) hear(a, gratuitous(A, 0x0a00_0000 + i));
    hear(b, gratuitous(A, 0x0a00_0000));
    hear(a, gratuitous(A, v4(1)));
    hear(a, gratuitous(A, v4(2)));
    const behind = (port: unknown) => [...suppressor.entries()].filter((entry) => entry.port === port).length;
    expect([behind(a), behind(b)]).toEqual([LEARNED_PER_PORT, 1]);
  });

  it("is bounded in a segment", () => {
    const table = new NeighbourTable();
    const ports = Array.from({ length: 20 }, (_, i) => new KeepingPort(`port${i}`));
    for (const [index, port] of ports.entries()) {
      for (let i = 0; i < LEARNED_PER_PORT; i++) {
        table.claim({ address: (index + 1) * 0x1_0000 + i, mac: A, port }, 0);
      }
    }
    expect(table.size).toBe(LEARNED_PER_SEGMENT);
  });

  it("is not made by moving in: an address that comes to a full port is forgotten", () => {
    const { suppressor, hear, a, b } = lab();
    for (let i = 0; i < LEARNED_PER_PORT; i++) hear(a, gratuitous(A, 0x0a00_0000 + i));
    hear(b, gratuitous(B, v4(2)));
    hear(a, gratuitous(B, v4(2)));
    expect([...suppressor.entries()].filter(({ mac }) => mac === B)).toEqual([]);
  });
});

describe("any history", () => {
  const ports = ["p", "q", "r"].map((id) => new KeepingPort(id));
  const port = fc.constantFrom(...ports);
  const address: fc.Arbitrary<IpAddress> = fc.constantFrom<IpAddress>(v4(1), v4(2), v6(1), v6(2));
  const mac = fc.constantFrom(A, B, C);
  const step = fc.oneof(
    fc.record({ kind: fc.constant("claim" as const), address, mac, port }),
    fc.record({ kind: fc.constant("register" as const), address, mac, port }),
    fc.record({ kind: fc.constant("detach" as const), port }),
    fc.record({ kind: fc.constant("pass" as const), seconds: fc.integer({ min: 1, max: 200 }) }),
  );

  it("is counted right, within its bound, and leaves nothing", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 2, max: 12 }), (steps, limit) => {
        const budget = new Budget(limit);
        const table = new NeighbourTable(budget);
        let now = 0;
        for (const event of steps) {
          if (event.kind === "pass") {
            now += event.seconds;
            table.age(now);
            table.decide(now);
          } else if (event.kind === "detach") table.detach(event.port);
          else if (event.kind === "claim") table.claim(event, now);
          else if (table.register(event.address, event.mac, event.port, now) === "registered") {
            expect(table.get(event.address)).toMatchObject({ port: event.port, kind: "registered" });
          }
          const entries = [...table.entries()];
          const disputes = entries.filter((entry) => entry.dispute !== undefined).length;
          expect(table.size).toBe(entries.length);
          expect(budget.used).toBe(entries.length + DISPUTE_UNITS * disputes);
          expect(budget.used).toBeLessThanOrEqual(limit);
        }
        for (const one of ports) table.detach(one);
        expect([table.size, budget.used]).toEqual([0, 0]);
      }),
    );
  });

  it("leaves a machine that answers what it has registered", () => {
    const [own, ...others] = ports;
    const theirs = fc.constantFrom(...others);
    const hostile = fc.oneof(
      fc.record({ kind: fc.constant("claim" as const), mac: fc.constantFrom(B, C), port: theirs }),
      fc.record({ kind: fc.constant("register" as const), mac: fc.constantFrom(B, C), port: theirs }),
      fc.record({ kind: fc.constant("detach" as const), port: theirs }),
      fc.record({ kind: fc.constant("pass" as const), seconds: fc.integer({ min: 1, max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 60 }), (steps) => {
        const table = new NeighbourTable();
        const claim = { address: v4(1), mac: A, port: own as KeepingPort };
        let now = 0;
        expect(table.register(claim.address, claim.mac, claim.port, now)).toBe("registered");
        for (const event of steps) {
          now += 0.01;
          if (event.kind === "detach") table.detach(event.port);
          else if (event.kind === "claim") table.claim({ ...event, address: v4(1) }, now);
          else if (event.kind === "register") table.register(v4(1), event.mac, event.port, now);
          else {
            for (let i = 0; i < event.seconds; i++) {
              now += 1;
              // As a machine does that is asked.
              for (const { outcome } of table.decide(now))
                if (outcome === "ask") table.claim(claim, now + 0.005);
            }
          }
          expect(table.get(v4(1))).toMatchObject({ mac: A, port: own, kind: "registered" });
        }
      }),
    );
  });
});
