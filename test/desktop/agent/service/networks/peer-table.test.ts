import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemberBudget } from "../../../../../desktop/agent/service/networks/member-budget.ts";
import { PeerTable } from "../../../../../desktop/agent/service/networks/peer-table.ts";
import type { Peer } from "../../../../../desktop/rpc/shapes.ts";

const member = (vtep: string, name: string, ...macs: string[]) => ({
  vtep,
  name,
  online: true,
  endpoints: macs.map((mac) => ({ mac, addresses: ["10.20.0.7"] })),
});

function table() {
  const told: Peer[] = [];
  const peers = new PeerTable((peer) => told.push(peer));
  const shown = () => peers.peers.map(({ vtep, name, online }) => `${name} ${vtep} ${online ? "on" : "off"}`);
  return { peers, told, shown };
}

describe("the members of a network", () => {
  it("are the reported ones, and are remembered when they are gone", () => {
    const { peers, told, shown } = table();
    peers.replace([member("a", "lab", "02:00:00:00:00:01"), member("b", "desk")]);
    peers.update("left", member("a", "lab"));
    expect(shown()).toEqual(["desk b on", "lab a off"]);
    expect(peers.online).toBe(1);
    expect(peers.find("a")).toMatchObject({ macs: ["02:00:00:00:00:01"], addresses: ["10.20.0.7"] });
    expect(peers.find("a")?.last_seen).toEqual(expect.any(String));
    expect(peers.find("b")?.last_seen).toBeNull();
    expect(told.map(({ vtep, online }) => [vtep, online])).toEqual([
      ["a", true],
      ["b", true],
      ["a", false],
    ]);
  });

  it("are listed once if they return as another VTEP", () => {
    const { peers, shown } = table();
    peers.replace([member("a", "lab", "02:00:00:00:00:01"), member("b", "lab", "02:00:00:00:00:02")]);
    peers.lost();
    peers.replace([member("c", "lab", "02:00:00:00:00:02")]);
    expect(shown()).toEqual(["lab a off", "lab c on"]);
  });

  it("are away when the relay does not name them any more", () => {
    const { peers, shown } = table();
    peers.replace([member("a", "lab"), member("b", "desk")]);
    peers.replace([member("b", "desk")]);
    expect(shown()).toEqual(["desk b on", "lab a off"]);
  });

  it("have the distance that was measured last, until they go", () => {
    const { peers } = table();
    peers.replace([member("a", "lab")]);
    peers.measured("a", 12.5);
    peers.update("changed", member("a", "lab", "02:00:00:00:00:01"));
    expect(peers.find("a")?.latency_ms).toBe(12.5);
    peers.update("left", member("a", "lab"));
    peers.measured("a", 3);
    expect(peers.find("a")?.latency_ms).toBeNull();
  });

  it("are forgotten, the longest offline first, if too many are offline", () => {
    const { peers } = table();
    for (let i = 0; i < 300; i++) {
      peers.update("joined", member(`v${i}`, `n${i}`));
      peers.update("left", member(`v${i}`, `n${i}`));
    }
    expect(peers.peers).toHaveLength(256);
    expect(peers.find("v0")).toBeUndefined();
    expect(peers.find("v299")).toBeDefined();
  });

  it("take no more than is meant for them, however many a relay makes up", () => {
    const budget = new MemberBudget(4 * 1024 * 1024);
    const tables = [new PeerTable(() => {}, budget), new PeerTable(() => {}, budget)];
    const long = "x".repeat(200);
    for (const peers of tables) {
      for (let i = 0; i < 30_000; i++) peers.update("joined", member(`v${i}`, `${long}${i}`));
      expect(peers.passedOver).toBeGreaterThan(10_000);
      // A caller's answer: beyond 4 MiB the caller would be disconnected.
      expect(Buffer.byteLength(JSON.stringify(peers.peers))).toBeLessThan(4 * 1024 * 1024);
    }
    expect(budget.used).toBeLessThanOrEqual(4 * 1024 * 1024);
    for (const peers of tables) peers.clear();
    expect(budget.used).toBe(0);
  });

  it("are ten thousand at most, and give room to others when they go", () => {
    const { peers } = table();
    for (let i = 0; i < 10_500; i++) peers.update("joined", member(`${i}`, ""));
    expect(peers.online).toBe(10_000);
    for (let i = 0; i < 1_000; i++) peers.update("left", member(`${i}`, ""));
    for (let i = 20_000; i < 20_500; i++) peers.update("joined", member(`${i}`, ""));
    expect(peers.online).toBe(9_500);
    expect(peers.find("20499")).toBeDefined();
  });

  it("return their memory after any sequence of changes", () => {
    const budget = new MemberBudget();
    const peers = new PeerTable(() => {}, budget);
    const one = fc.record({
      event: fc.constantFrom<"joined" | "changed" | "left">("joined", "changed", "left"),
      vtep: fc.constantFrom("a", "b", "c", "d"),
      name: fc.constantFrom("x", "y"),
      macs: fc.array(fc.constantFrom("m1", "m2"), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(one), (changes) => {
        for (const { event, vtep, name, macs } of changes) peers.update(event, member(vtep, name, ...macs));
        expect(peers.online).toBe(peers.peers.filter(({ online }) => online).length);
        if (peers.peers.length === 0) expect(budget.used).toBe(0);
        peers.clear();
        expect(budget.used).toBe(0);
        expect(peers.online).toBe(0);
      }),
    );
  });
});
