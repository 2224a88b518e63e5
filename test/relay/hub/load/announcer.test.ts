import { setImmediate as round } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { MemberAnnouncer, type MemberListener } from "../../../../relay/hub/load/announcer.ts";
import { QUANTUM, Turns } from "../../../../relay/hub/load/turns.ts";
import type { Block } from "../../../../shared/tunnel/block.ts";

function network(count: number) {
  const turn = new Turns().of("acme");
  const members = new Set<Member>();
  const announcer = new MemberAnnouncer<Member>(101, members, turn, undefined);

  class Member implements MemberListener {
    member;
    readonly heard: string[] = [];
    onHeard: () => void = () => {};

    constructor(name: string) {
      this.member = { vtep: name, name, online: true, endpoints: [] };
      announcer.tell("joined", this);
      members.add(this);
    }

    announce({ bytes }: Block): void {
      turn.work.done += QUANTUM / 50;
      const { event, member } = JSON.parse(new TextDecoder().decode(bytes)) as {
        event: string;
        member: { vtep: string; online: boolean };
      };
      this.heard.push(`${event} ${member.vtep}${member.online ? "" : " off"}`);
      this.onHeard();
    }

    leave(): void {
      if (members.delete(this)) announcer.tell("left", this);
    }
  }
  const all = Array.from({ length: count }, (_, i) => new Member(`m${i}`));
  /** Waits until all events are sent. */
  const settle = async () => {
    while (turn.hasWaiting) await round();
  };
  return { settle, announcer, all, turn, newcomer: (name: string) => new Member(name) };
}

describe("the events of members", () => {
  it("are sent at once in a small network, once to each, and not to their subject", () => {
    const { all, announcer } = network(3);
    const [first, second, third] = all;
    expect(all.map(({ heard }) => heard)).toEqual([["joined m1", "joined m2"], ["joined m2"], []]);
    if (second === undefined) throw new Error("no member");
    announcer.tell("changed", second);
    second.leave();
    expect(first?.heard.slice(2)).toEqual(["changed m1", "left m1 off"]);
    expect(third?.heard).toEqual(["changed m1", "left m1 off"]);
  });

  it("wait for their tenant's turn in a large network, only the newest of each member", async () => {
    const { all, announcer, newcomer, settle } = network(200);
    await settle();
    const one = newcomer("new");
    announcer.tell("changed", one);
    const two = newcomer("short");
    two.leave();
    const before = all[0]?.heard.length ?? 0;
    await settle();
    // A member announced for the first time has joined; a departed member is not announced as present.
    expect(all[0]?.heard.slice(before)).toEqual(["joined new", "left short off"]);
    expect(all.every(({ heard }) => heard.filter((text) => text === "joined new").length === 1)).toBe(true);
  });

  it("are sent in parts, between which other tenants have their turn", async () => {
    const { all, newcomer, settle } = network(200);
    await settle();
    newcomer("new");
    const told = () => all.filter(({ heard }) => heard.includes("joined new")).length;
    while (told() === 0) await round();
    expect(told()).toBeLessThan(200);
    await settle();
    expect(all.every(({ heard }) => heard.includes("joined new"))).toBe(true);
  });

  it("continue when members are closed by receiving them, and announce each closing once", async () => {
    const { all, newcomer, settle } = network(150);
    await settle();
    const [witness, ...others] = all;
    // Each is closed by the first event it receives from now on: one after another, never within one another.
    let depth = 0;
    let deepest = 0;
    for (const one of others) {
      one.onHeard = () => {
        deepest = Math.max(deepest, ++depth);
        one.leave();
        depth--;
      };
    }
    const before = witness?.heard.length ?? 0;
    newcomer("new");
    await settle();
    const heard = witness?.heard.slice(before) ?? [];
    expect(deepest).toBe(1);
    expect(heard[0]).toBe("joined new");
    expect(heard.slice(1).sort()).toEqual(others.map(({ member }) => `left ${member.vtep} off`).sort());
  });
});
