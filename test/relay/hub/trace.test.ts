import { beforeEach, describe, expect, it } from "vitest";
import { NetworkHub } from "../../../relay/hub/network-hub.ts";
import { type TraceStep, trace } from "../../../relay/hub/trace.ts";
import type { Network } from "../../../relay/model/model.ts";
import type { RegisteredEndpoint } from "../../../shared/protocol/control.ts";
import { DEFAULT_SETTINGS, type SettingsChange } from "../../../shared/switch/settings.ts";
import { BROADCAST, frameBytes, KeepingPort, receive } from "../../shared/switch/ports.ts";

const ALICE = 0x02000000000a;
const BOB = 0x02000000000b;
const alice = "02:00:00:00:00:0a";
const bob = "02:00:00:00:00:0b";

function network(settings: SettingsChange = {}, fields: Partial<Network> = {}): Network {
  return {
    id: 1,
    tenant: "acme",
    name: "lab",
    vni: 101,
    group: "239.0.0.101",
    mtu: 1500,
    subnet: undefined,
    addresses: false,
    prefix6: undefined,
    mode: "switch",
    settings: { ...DEFAULT_SETTINGS, ...(settings as Partial<typeof DEFAULT_SETTINGS>) },
    ...fields,
  };
}

describe("a trace", () => {
  let now = 0;
  let hub: NetworkHub;
  let of: Network;

  function start(settings?: SettingsChange, fields?: Partial<Network>): void {
    now = 1_000;
    of = network(settings, fields);
    hub = new NetworkHub({ network: of, roles: new Set(), clock: () => now, noticed: () => {} });
  }

  beforeEach(() => start());

  /** A member of that name, and its port. */
  function join(name: string, endpoints: readonly RegisteredEndpoint[] = []): KeepingPort {
    const vtep = `vtep-${name}`;
    const member = {
      member: { vtep, name, online: true, endpoints: [] },
      tell: () => {},
      announce: () => {},
    };
    const port = new KeepingPort(vtep);
    hub.enter(member);
    hub.segment.attach(port);
    if (endpoints.length > 0) expect(hub.register(member, endpoints)).toBeUndefined();
    return port;
  }

  function told(from: string, to: string): TraceStep[] {
    return trace(hub, of, from, to, now);
  }

  function outcome(from: string, to: string): TraceStep | undefined {
    return told(from, to).at(-1);
  }

  /** What the hub does with the frame in fact: the names of the ports that it goes out of. */
  function done(from: KeepingPort, to: number, source: number): string[] {
    for (const port of hub.segment.ports) (port as KeepingPort).frames.length = 0;
    receive(hub.segment, from, frameBytes(to, source));
    return [...hub.segment.ports]
      .filter((port) => (port as KeepingPort).frames.length > 0)
      .map(({ id }) => id);
  }

  it("drops the frame at once in a network without connected devices", () => {
    expect(trace(undefined, of, alice, bob, 0)).toMatchObject([
      { step: "outcome", result: "dropped", detail: expect.stringContaining("'lab'") },
    ]);
  });

  it("tells of a machine that is known which port it is behind, and since when nothing was heard of it", () => {
    const [one, other] = [join("alice"), join("bob")];
    receive(hub.segment, one, frameBytes(BROADCAST, ALICE));
    receive(hub.segment, other, frameBytes(BROADCAST, BOB));
    now += 7;
    const steps = told(alice, bob);
    expect(steps.map(({ step, result }) => [step, result])).toEqual([
      ["source", "known"],
      ["guards", "apply"],
      ["destination", "known"],
      ["outcome", "forwarded"],
    ]);
    expect(steps[2]?.detail).toContain("bob (vtep-bob) (learned, last seen 7 s ago)");
    expect(steps[3]?.detail).toBe("only to bob (vtep-bob)");
    expect(done(one, BOB, ALICE)).toEqual(["vtep-bob"]);
  });

  it("sends, learns and counts nothing", () => {
    const one = join("alice");
    const other = join("bob");
    told(alice, bob);
    told(alice, "broadcast");
    expect(hub.segment.table.size).toBe(0);
    for (const port of [one, other]) {
      expect([port.frames, port.drops.toJSON(), port.rxFrames]).toEqual([[], {}, 0]);
    }
  });

  it("takes MAC and IP addresses and members' names", () => {
    join("alice", [{ mac: alice, addresses: ["10.0.0.1"] }]);
    join("bob", [{ mac: bob, addresses: ["10.0.0.2", "fe80::b"] }]);
    for (const from of [alice, "10.0.0.1", "alice"]) {
      for (const to of [bob, "10.0.0.2", "fe80::b", "bob"]) {
        expect(outcome(from, to)).toMatchObject({
          result: "forwarded",
          detail: expect.stringContaining("bob"),
        });
      }
    }
    for (const [from, to] of [
      ["carol", bob],
      [alice, "10.0.0.3"],
      [alice, ""],
      ["", bob],
    ] as const) {
      expect(() => told(from, to)).toThrow(expect.objectContaining({ code: "trace.unknown" }));
    }
  });

  it("tells what becomes of a question for the address", () => {
    join("alice", [{ mac: alice, addresses: ["10.0.0.1"] }]);
    join("bob", [{ mac: bob, addresses: ["10.0.0.2"] }]);
    expect(told(alice, "10.0.0.2")).toContainEqual({
      step: "neighbours",
      result: "answered",
      detail: expect.stringContaining(bob),
    });
    expect(told(alice, "10.0.0.1")).toContainEqual(
      expect.objectContaining({ step: "neighbours", result: "passes" }),
    );
    start({ suppression: false });
    join("alice", [{ mac: alice }]);
    expect(() => told(alice, "10.0.0.2")).toThrow(expect.objectContaining({ code: "trace.unknown" }));
  });

  it("tells what is flooded, and where to", () => {
    const one = join("alice");
    receive(hub.segment, one, frameBytes(BROADCAST, ALICE));
    expect(outcome(alice, "broadcast")).toMatchObject({
      result: "dropped",
      detail: expect.stringContaining("no-receiver"),
    });
    join("bob");
    for (const [to, address] of [
      ["broadcast", BROADCAST],
      [bob, BOB],
    ] as const) {
      expect(outcome(alice, to)).toMatchObject({ result: "flooded", detail: expect.stringContaining("bob") });
      expect(done(one, address, ALICE)).toEqual(["vtep-bob"]);
    }
    expect(outcome(alice, "01:00:5e:01:02:03")).toMatchObject({ result: "multicast" });
  });

  it.each<[string, SettingsChange, string, string]>([
    [
      "an unknown address, in a network that drops those",
      { unknown_unicast: "drop" },
      bob,
      "unknown-unicast",
    ],
    ["its own port's machine", {}, alice, "same-port"],
  ])("names the reason to drop a frame to %s", (_what, settings, to, reason) => {
    start(settings);
    const one = join("alice");
    join("bob");
    receive(hub.segment, one, frameBytes(BROADCAST, ALICE));
    expect(outcome(alice, to)).toMatchObject({
      step: "outcome",
      result: "dropped",
      detail: expect.stringContaining(`(${reason})`),
    });
    expect(done(one, to === bob ? BOB : ALICE, ALICE)).toEqual([]);
    expect(one.drops.toJSON()).toEqual({ [reason]: 1 });
  });

  it("knows of a port that is cut off, and of addresses that are none", () => {
    const one = join("alice", [{ mac: alice }]);
    join("bob");
    hub.segment.cut(one);
    hub.segment.table.register(ALICE, one, now);
    expect(outcome(alice, "broadcast")).toMatchObject({
      result: "dropped",
      detail: expect.stringContaining("(loop)"),
    });
    for (const from of ["01:00:5e:00:00:01", "00:00:00:00:00:00"]) {
      expect(told(from, bob)).toMatchObject([{ step: "source", result: "dropped" }]);
    }
  });

  it("lists the guards that hold where the frame comes in", () => {
    const guards = (from: string) => told(from, "broadcast").find(({ step }) => step === "guards")?.detail;
    start({
      dhcp_guard: "on",
      ra_guard: "on",
      source_binding: true,
      ethertypes: "deny:0x88cc",
      vlan: "strip",
    });
    join("alice", [{ mac: alice }]);
    for (const word of ["dhcp-guard", "ra-guard", "source-binding", "deny:0x88cc", "tags", "link-local"]) {
      expect(guards(alice)).toContain(word);
    }
    const server = join("bob", [{ mac: bob }]);
    server.roles = new Set(["dhcp-server"]);
    expect(guards(bob)).not.toContain("dhcp-guard");
    expect(guards(bob)).toContain("ra-guard");
    start({}, { mode: "wire" });
    join("alice", [{ mac: alice }]);
    expect(guards(alice)).toBe("the hub accepts every frame from this port");
  });
});
