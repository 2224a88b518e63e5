import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../../../shared/frame/address.ts";
import { GroupTable } from "../../../../shared/switch/multicast/group-table.ts";
import { MAX_GROUPS_PER_PORT, MAX_MEMBERSHIPS } from "../../../../shared/switch/multicast/timers.ts";
import { KeepingPort } from "../ports.ts";
import { ipv4, ipv6 } from "./frames.ts";

const G = ipv4("239.1.2.3");
const LINK_SCOPE = ipv6("ff02::1:ff00:7");

function lab() {
  const table = new GroupTable();
  const a = new KeepingPort("a");
  const b = new KeepingPort("b");
  const asked: string[] = [];
  const tick = (now: number) => table.tick(now, (group, port) => asked.push(`${port.id} ${group === G}`));
  const members = (group: IpAddress = G) => (table.get(group)?.ports ?? []).map((port) => port.id);
  return { table, a, b, tick, asked, members };
}

describe("a membership", () => {
  it("lasts 260 seconds without another report", () => {
    const { table, a, tick, members } = lab();
    table.join(G, a, 0);
    tick(259);
    expect(members()).toEqual(["a"]);
    tick(260);
    expect(members()).toEqual([]);
  });

  it("is renewed by every report", () => {
    const { table, a, b, tick, members } = lab();
    table.join(G, a, 0);
    table.join(G, b, 0);
    table.join(G, a, 200);
    tick(260);
    expect(members()).toEqual(["a"]);
    tick(460);
    expect(members()).toEqual([]);
  });

  it("ends 2 seconds after a leave, when a second query has gone unanswered", () => {
    const { table, a, tick, members, asked } = lab();
    table.join(G, a, 0);
    expect(table.leave(G, a, 10)).toBe(true);
    tick(10.5);
    expect(asked).toEqual([]);
    tick(11);
    expect(asked).toEqual(["a true"]);
    expect(members()).toEqual(["a"]);
    tick(12);
    expect(asked).toEqual(["a true"]);
    expect(members()).toEqual([]);
  });

  it("ends within 3 seconds of a leave whenever ticks a second apart come", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (phase) => {
        const { table, a, tick, members, asked } = lab();
        table.join(G, a, 0);
        table.leave(G, a, 10);
        for (const second of [0, 1, 2]) tick(10 + phase + second);
        expect(members()).toEqual([]);
        expect(asked).toHaveLength(1);
      }),
    );
  });

  it("continues if a host reports the group after a leave", () => {
    const { table, a, tick, members } = lab();
    table.join(G, a, 0);
    table.leave(G, a, 10);
    tick(11);
    table.join(G, a, 11.5);
    tick(12);
    tick(271);
    expect(members()).toEqual(["a"]);
    tick(272);
    expect(members()).toEqual([]);
  });

  it("is not extended by repeated leaves", () => {
    const { table, a, tick, members } = lab();
    table.join(G, a, 0);
    expect(table.leave(G, a, 10)).toBe(true);
    tick(11);
    expect(table.leave(G, a, 11.5)).toBe(false);
    tick(12);
    expect(members()).toEqual([]);
  });

  it("does not end by the leave of another port", () => {
    const { table, a, b, tick, members } = lab();
    table.join(G, a, 0);
    expect(table.leave(G, b, 1)).toBe(false);
    table.join(G, b, 1);
    table.leave(G, b, 2);
    tick(3);
    tick(4);
    expect(members()).toEqual(["a"]);
  });

  it("ignores leaves while a v1 host is there, which is until 260 seconds after its report", () => {
    const { table, a, b, tick, members } = lab();
    table.join(G, a, 0, true);
    table.join(G, a, 100);
    table.join(G, b, 100);
    expect(table.leave(G, a, 259)).toBe(false);
    expect(table.leave(G, b, 259)).toBe(true);
    tick(261);
    tick(262);
    expect(members()).toEqual(["a"]);
    expect(table.leave(G, a, 262)).toBe(true);
  });

  it("ends with its port", () => {
    const { table, a, b, members } = lab();
    table.join(G, a, 0);
    table.join(G, b, 0);
    table.detach(a);
    expect(members()).toEqual(["b"]);
    expect(table.memberships).toBe(1);
  });
});

describe("a group without members", () => {
  it("is held while its traffic comes, and forgotten 260 seconds after the last of it", () => {
    const { table, a, tick } = lab();
    table.join(G, a, 0);
    tick(260);
    const group = table.get(G);
    expect(group?.size).toBe(0);
    if (group !== undefined) group.usedAt = 500;
    tick(759);
    expect(table.get(G)).toBe(group);
    tick(760);
    expect(table.get(G)).toBeUndefined();
    expect([table.size, table.memberships]).toEqual([0, 0]);
  });

  it("is also held if its last port left", () => {
    const { table, a, tick } = lab();
    table.join(G, a, 100);
    table.detach(a);
    tick(359);
    expect(table.get(G)?.size).toBe(0);
    tick(360);
    expect([table.size, table.memberships]).toEqual([0, 0]);
  });

  it("is forgotten at once if it is of IPv6's link scope", () => {
    const { table, a, b, tick } = lab();
    table.join(LINK_SCOPE, a, 0);
    tick(260);
    expect(table.get(LINK_SCOPE)).toBeUndefined();
    table.join(LINK_SCOPE, b, 300);
    table.detach(b);
    expect([table.size, table.memberships]).toEqual([0, 0]);
  });

  it("can be joined again by any port", () => {
    const { table, a, b, tick, members } = lab();
    table.join(G, a, 0);
    tick(260);
    expect(table.join(G, b, 261)).toBe(true);
    expect(members()).toEqual(["b"]);
    expect(table.memberships).toBe(1);
  });
});

describe("the table", () => {
  it("takes 1,024 groups of a port and no more, whatever others have", () => {
    const { table, a, b, tick } = lab();
    for (let i = 0; i < MAX_GROUPS_PER_PORT; i++) expect(table.join(G + i, a, 0)).toBe(true);
    expect(table.join(G + MAX_GROUPS_PER_PORT, a, 0)).toBe(false);
    expect(table.join(G, a, 1)).toBe(true);
    expect(table.join(G + MAX_GROUPS_PER_PORT, b, 0)).toBe(true);
    tick(261);
    // The port's share is taken by groups that are held for it.
    expect(table.join(ipv4("238.0.0.1"), a, 262)).toBe(false);
    expect(table.join(G + 1, a, 262)).toBe(true);
    tick(521);
    expect(table.join(ipv4("238.0.0.1"), a, 521)).toBe(true);
  });

  it("takes 32,768 memberships of all ports and no more", () => {
    const { table, a } = lab();
    for (let i = 0; i < MAX_MEMBERSHIPS / MAX_GROUPS_PER_PORT; i++) {
      const port = new KeepingPort(`port${i}`);
      for (let j = 0; j < MAX_GROUPS_PER_PORT; j++) table.join(G + j, port, 0);
    }
    expect([table.size, table.memberships]).toEqual([MAX_GROUPS_PER_PORT, MAX_MEMBERSHIPS]);
    expect(table.join(G, a, 1)).toBe(false);
  });

  it("does not grow with ports that join, go and come again", () => {
    const { table, tick } = lab();
    for (let round = 0; round < 5; round++) {
      const port = new KeepingPort(`port${round}`);
      for (let i = 0; i < MAX_GROUPS_PER_PORT; i++) table.join(G + round * 10_000 + i, port, round);
      table.detach(port);
    }
    expect(table.memberships).toBe(MAX_GROUPS_PER_PORT);
    expect(table.size).toBe(MAX_GROUPS_PER_PORT);
    tick(300);
    expect([table.size, table.memberships]).toEqual([0, 0]);
  });

  it("finds what was joined and has not ended, of either family, and counts it", () => {
    const groups = [G, G + 1, ipv4("239.129.2.3"), ipv6("ff05::1:3"), ipv6("ff3e::1:3"), ipv6("ff05:1::3")];
    const step = fc.record({
      what: fc.constantFrom("join", "join", "leave", "tick", "detach"),
      group: fc.constantFrom(...groups),
      port: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new GroupTable();
        const ports = ["a", "b", "c"].map((id) => new KeepingPort(id));
        // The same kept as simply as can be: ticks a hundred seconds apart end what was left or not renewed.
        const expected = new Map<string, number>();
        let now = 0;
        for (const { what, group, port } of steps) {
          const at = ports[port] as KeepingPort;
          if (what === "join") {
            table.join(group, at, now);
            expected.set(`${group} ${at.id}`, now + 260);
          }
          if (what === "leave") {
            table.leave(group, at, now);
            const key = `${group} ${at.id}`;
            if (expected.has(key)) expected.set(key, 0);
          }
          if (what === "tick") {
            for (let i = 0; i < 2; i++) {
              now += 100;
              table.tick(now, () => {});
            }
            for (const [key, until] of expected) if (now >= until) expected.delete(key);
          }
          if (what === "detach") {
            table.detach(at);
            for (const key of expected.keys()) if (key.endsWith(` ${at.id}`)) expected.delete(key);
          }
        }
        const seen = [...table.groups()].flatMap((group) =>
          group.ports.map((port) => `${group.address} ${port.id}`),
        );
        expect(seen.sort()).toEqual([...expected.keys()].sort());
        const held = [...table.groups()].filter((group) => group.size === 0).length;
        expect(table.memberships).toBe(expected.size + held);
        for (const group of table.groups()) expect(table.get(group.address)).toBe(group);
        expect([...table.groups()]).toHaveLength(table.size);
      }),
    );
  });
});
