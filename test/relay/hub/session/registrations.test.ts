import { beforeEach, describe, expect, it } from "vitest";
import { NetworkHub, type NetworkMember } from "../../../../relay/hub/network-hub.ts";
import type { Network } from "../../../../relay/model/model.ts";
import type { RegisteredEndpoint, RelayMessage } from "../../../../shared/protocol/control.ts";
import type { SegmentNotice } from "../../../../shared/switch/notice.ts";
import { DEFAULT_SETTINGS, type SettingsChange } from "../../../../shared/switch/settings.ts";
import type { Block } from "../../../../shared/tunnel/block.ts";
import { arpReply, arpRequest, HUB as LAB_HUB, v4 } from "../../../shared/switch/neighbours/lab.ts";
import { BROADCAST, frameBytes, KeepingPort, receive } from "../../../shared/switch/ports.ts";

const A = 0x02000000000a;
const B = 0x02000000000b;
const VIRTUAL = 0x00005e000133;
const macA = "02:00:00:00:00:0a";
const macB = "02:00:00:00:00:0b";

function networkOf(settings: SettingsChange): Network {
  return {
    ...{ id: 1, tenant: "acme", name: "lab", vni: 101, group: "239.0.0.101", mtu: 1500, mode: "switch" },
    ...{ subnet: undefined, addresses: false, prefix6: undefined },
    settings: { ...DEFAULT_SETTINGS, ...(settings as Partial<typeof DEFAULT_SETTINGS>) },
  };
}

describe("a network in which machines are registered", () => {
  let now: number;
  let hub: NetworkHub;
  let notices: SegmentNotice[];

  function start(settings: SettingsChange = {}): void {
    now = 1_000;
    notices = [];
    const noticed = (_: Network, notice: SegmentNotice) => void notices.push(notice);
    hub = new NetworkHub({ network: networkOf(settings), roles: new Set(), clock: () => now, noticed });
  }

  beforeEach(() => start());

  it("has no router but those with the role where the relay gives the IPv6 addresses", () => {
    const gives = { ...networkOf({}), subnet: "10.20.0.0/24", addresses: true, prefix6: "fd00::/64" };
    const guards = (network: Network) => {
      const noticed = () => {};
      const { policy } = new NetworkHub({ network, roles: new Set(), clock: () => now, noticed });
      return [policy.guards("dhcp-server"), policy.guards("router")];
    };
    expect(guards(gives)).toEqual([true, true]);
    expect(guards({ ...gives, prefix6: undefined })).toEqual([true, false]);
    expect(guards(networkOf({}))).toEqual([false, false]);
    expect(guards({ ...gives, settings: { ...gives.settings, ra_guard: "off" } })).toEqual([true, false]);
  });

  class Client implements NetworkMember {
    member;
    readonly port: KeepingPort;
    readonly told: RelayMessage[] = [];
    /** By which it answers when it is asked for its addresses. */
    readonly has = new Map<number, number>();

    constructor(name: string) {
      this.member = { vtep: `vtep-${name}`, name, online: true, endpoints: [] as RegisteredEndpoint[] };
      this.port = new KeepingPort(`vtep-${name}`);
      hub.enter(this);
      hub.segment.attach(this.port);
      hub.segment.flush();
    }

    tell(message: RelayMessage): void {
      this.told.push(message);
    }

    announce({ bytes }: Block): void {
      this.told.push(JSON.parse(new TextDecoder().decode(bytes)) as RelayMessage);
    }

    register(...endpoints: RegisteredEndpoint[]): string | undefined {
      return hub.register(this, endpoints);
    }

    send(frame: ArrayLike<number>): void {
      receive(hub.segment, this.port, Array.from(frame));
      hub.segment.flush();
    }

    /** Answers what the hub has asked since the last time. */
    answer(): void {
      for (const frame of this.port.frames.splice(0)) {
        const mac = [...this.has].find(
          ([, address]) => frame.slice(38, 42).join() === bytes(address).join(),
        )?.[0];
        const isArp = frame[12] === 0x08 && frame[13] === 0x06 && frame[21] === 1;
        if (mac !== undefined && isArp) this.send(arpReply(mac, this.has.get(mac) ?? 0, LAB_HUB));
      }
    }

    leave(): void {
      hub.segment.detach(this.port);
      hub.leave(this);
    }

    notices(): string[] {
      return this.told.flatMap((message) => (message.type === "notice" ? message.code : []));
    }

    /** What it was told of others' machines. */
    heard(): (readonly [string, string[]])[] {
      return this.told.flatMap((message) =>
        message.type === "member" && message.event === "changed"
          ? [[message.member.name, message.member.endpoints.map(({ mac }) => mac)] as const]
          : [],
      );
    }
  }

  const bytes = (address: number) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff);

  /** Lets seconds pass; those that are there answer what they are asked. */
  function pass(seconds: number, ...answering: Client[]): void {
    for (let second = 0; second < seconds; second++) {
      now++;
      hub.tick();
      for (const client of answering) client.answer();
    }
  }

  function clients(): [Client, Client, Client] {
    const all = [new Client("one"), new Client("two"), new Client("three")] as [Client, Client, Client];
    pass(2);
    return all;
  }

  it("leaves a machine its addresses that another registers too, and tells both and the operator within seconds", () => {
    const [victim, attacker, witness] = clients();
    victim.has.set(A, v4(1));
    expect(victim.register({ mac: macA, addresses: ["10.20.0.1"] })).toBeUndefined();
    pass(2, victim);
    witness.told.length = 0;
    expect(attacker.register({ mac: macA, addresses: ["10.20.0.1"] })).toMatch(
      /^02:00:00:00:00:0a: in use by another/,
    );
    expect(attacker.register({ mac: macB, addresses: ["10.20.0.1"] })).toMatch(
      /^10\.20\.0\.1: in use by another/,
    );
    for (let turn = 0; turn < 60; turn++) {
      if (turn === 3)
        expect([victim.notices(), attacker.notices()]).toEqual([
          ["duplicate-address"],
          ["duplicate-address"],
        ]);
      pass(1, victim);
      expect(hub.segment.table.lookup(A)).toBe(victim.port);
      expect(hub.policy.suppressor?.owner(v4(1), now)).toMatchObject({ mac: A, port: victim.port });
    }
    expect(notices.map(({ code }) => code)).toEqual(["duplicate-address"]);
    // Of what was refused nobody hears.
    expect(witness.heard()).toEqual([["two", [macB]]]);
    expect(attacker.member.endpoints).toEqual([{ mac: macB, addresses: [] }]);
  });

  it("does so for a MAC address alone (two machines with QEMU's default one)", () => {
    const [one, two, three] = clients();
    one.register({ mac: macA });
    expect(two.register({ mac: macA })).toMatch(/^02:00:00:00:00:0a: in use/);
    two.send(frameBytes(BROADCAST, A));
    pass(3);
    expect([one.notices(), two.notices(), three.notices()]).toEqual([
      ["duplicate-mac"],
      ["duplicate-mac"],
      [],
    ]);
    expect(notices).toMatchObject([{ code: "duplicate-mac", ports: [one.port, two.port] }]);
    expect(hub.segment.table.lookup(A)).toBe(one.port);
    pass(120);
    expect([hub.segment.table.lookup(A), notices.length]).toEqual([one.port, 1]);
    // The second one's as soon as the first has gone.
    one.leave();
    pass(1);
    expect(hub.segment.table.find(A)).toMatchObject({ port: two.port, kind: "registered" });
    expect(three.heard().at(-1)).toEqual(["two", [macA]]);
  });

  it("does not let a machine that is learned be cut off by a registration", () => {
    const [victim, attacker] = clients();
    victim.has.set(A, v4(1));
    victim.send(arpRequest(A, v4(1), v4(9)));
    pass(20, victim);
    expect(attacker.register({ mac: macA, addresses: ["10.20.0.1"] })).toMatch(/in use/);
    for (let turn = 0; turn < 30; turn++) {
      pass(1, victim);
      victim.send(frameBytes(BROADCAST, A));
    }
    expect(hub.segment.table.find(A)).toMatchObject({ port: victim.port, kind: "learned" });
    expect([victim.notices(), attacker.notices()]).toEqual([["duplicate-mac"], ["duplicate-mac"]]);
    expect(attacker.member.endpoints).toEqual([]);
  });

  it("lets a machine have its addresses at another VTEP within seconds where the first is there no more", () => {
    const [dead, back, witness] = clients();
    dead.register({ mac: macA, addresses: ["10.20.0.1"] });
    pass(1);
    witness.told.length = 0;
    back.register({ mac: macA, addresses: ["10.20.0.1"] });
    pass(2);
    expect(hub.segment.table.find(A)).toMatchObject({ port: back.port, kind: "registered" });
    expect(hub.policy.suppressor?.owner(v4(1), now)?.port).toBe(back.port);
    expect(witness.heard().sort()).toEqual([
      ["one", []],
      ["two", [macA]],
    ]);
    // Its session takes a while to be missed.
    pass(60);
    expect([hub.segment.table.lookup(A), notices]).toEqual([back.port, []]);
  });

  it("lets it have them at once where the first withdraws them (a machine that is migrated)", () => {
    const [from, to] = clients();
    from.register({ mac: macA, addresses: ["10.20.0.1"] });
    to.send(arpRequest(A, v4(1), v4(1)));
    expect(to.register({ mac: macA, addresses: ["10.20.0.1"] })).toMatch(/in use/);
    from.register();
    pass(1);
    expect(hub.segment.table.find(A)).toMatchObject({ port: to.port, kind: "registered" });
    expect([to.member.endpoints, notices]).toEqual([[{ mac: macA, addresses: ["10.20.0.1"] }], []]);
  });

  it("lets an address without a MAC of its own go from one router to the other and back, by what they say", () => {
    const [one, two, three] = clients();
    one.register({ mac: macA, addresses: ["10.20.0.1"] });
    two.register({ mac: macB });
    for (let turn = 0; turn < 3; turn++) {
      for (const [router, mac] of [
        [two, B],
        [one, A],
      ] as const) {
        router.send(arpRequest(mac, v4(1), v4(1)));
        pass(3);
        expect(hub.policy.suppressor?.owner(v4(1), now)).toMatchObject({ mac, port: router.port });
        expect(hub.policy.suppressor?.find(v4(1), three.port, now)).toMatchObject({ mac });
        pass(12);
      }
    }
    expect(notices).toEqual([]);
  });

  it("lets what routers share move from a registration, and back", () => {
    const [one, two] = clients();
    one.register({ mac: "00:00:5e:00:01:33" });
    for (let turn = 0; turn < 6; turn++) {
      const router = turn % 2 === 0 ? two : one;
      router.send(frameBytes(BROADCAST, VIRTUAL));
      pass(2);
      expect(hub.segment.table.lookup(VIRTUAL)).toBe(router.port);
    }
    expect(notices).toEqual([]);
  });

  it("tells both where somebody registers what an operator has pinned, or what is the hub's", () => {
    const [one, two] = clients();
    hub.pin(A, "one");
    expect(two.register({ mac: macA })).toMatch(/^02:00:00:00:00:0a: static-mac/);
    expect([one.notices(), two.notices()]).toEqual([["duplicate-mac"], ["duplicate-mac"]]);
    pass(30);
    expect([hub.segment.table.lookup(A), notices.length]).toEqual([one.port, 1]);
  });

  it("binds to a port what was entered, and not what was refused", () => {
    start({ source_binding: true });
    const [victim, attacker] = clients();
    victim.has.set(A, v4(1));
    victim.register({ mac: macA, addresses: ["10.20.0.1"] });
    attacker.register(
      { mac: macA, addresses: ["10.20.0.1"] },
      { mac: macB, addresses: ["10.20.0.1", "10.20.0.2"] },
    );
    const passes = (frame: Uint8Array | number[]) => {
      victim.port.frames.length = 0;
      attacker.send(frame);
      return victim.port.frames.length > 0;
    };
    for (let turn = 0; turn < 30; turn++) {
      expect(passes(frameBytes(BROADCAST, A))).toBe(false);
      expect(passes(arpRequest(B, v4(1), v4(9)))).toBe(false);
      expect(passes(arpRequest(B, v4(2), v4(9)))).toBe(true);
      pass(1, victim);
    }
    expect(attacker.port.drops.of("source-binding")).toBe(60);
    victim.leave();
    pass(2);
    const [, , witness] = [victim, attacker, new Client("witness")];
    attacker.send(frameBytes(BROADCAST, A));
    expect(witness.port.frames.length).toBeGreaterThan(0);
  });

  it("tells the others of nothing where nothing has changed", () => {
    const [one, , witness] = clients();
    witness.told.length = 0;
    one.register({ mac: macA, addresses: ["10.20.0.1"] });
    for (let i = 0; i < 50; i++) one.register({ mac: macA, addresses: ["10.20.0.1"] });
    one.register({ mac: macA, addresses: ["10.20.0.1"] }, { mac: "01:00:5e:00:00:01" });
    expect(witness.heard()).toEqual([["one", [macA]]]);
  });

  it("keeps what its machines have registered when the network's settings change", () => {
    const [one, two] = clients();
    one.has.set(A, v4(1));
    one.register({ mac: macA, addresses: ["10.20.0.1"] });
    two.register({ mac: macA });
    hub.change(networkOf({ source_binding: true }), new Set());
    pass(3, one);
    expect(hub.policy.suppressor?.owner(v4(1), now)?.port).toBe(one.port);
    two.port.frames.length = 0;
    one.send(frameBytes(BROADCAST, A));
    expect(two.port.frames).toHaveLength(1);
    two.send(frameBytes(BROADCAST, A));
    expect(two.port.drops.of("source-binding")).toBe(1);
  });
});
