import { Buffer } from "node:buffer";
import { corpusFrames } from "../../fuzz/frames.ts";
import { Mutator } from "../../fuzz/mutator.ts";
import { packet } from "../../support/relay/client.ts";
import { type Arena, type Attack, MOST_WAITING } from "../arena.ts";
import type { NetworkPlan } from "../plan.ts";
import type { Wire } from "../wire.ts";
import {
  arpClaim,
  BROADCAST,
  dhcpOffer,
  dnsQuery,
  ethernet,
  fragment,
  HUB,
  igmpReports,
  malformedRecords,
  mldReports,
  neighbourClaim,
  ping,
  routerAdvertisement,
  superFrame,
} from "./hostile-frames.ts";

const MEMBERS = 16;
/** Additional members that send from random addresses, and so use up their sessions' limits. */
const FLOODERS = 2;
/** Source addresses of each other member: within its session's limit, so that the hub forwards all its frames. */
const MACS = 50;
/** Number of VLANs in which one member reports groups. */
const VLANS = 16;
const GATEWAY = 0x0a42_0001;
const SUBNET = 0x0a42_0000;
const ROUTED = 0x0a4d_0000;
const PREFIX6 = 0xfd66n * 2n ** 112n;
const FROM = "127.0.1.3";
/** Greatest size of a binary message (docs/protocol.md). */
const MESSAGE_BYTES = 262_144;

/**
 * Threat model: a member, by its frames.
 *
 * 16 members send random and mutated frames, super-frames with all kinds of headers, malformed records, reports for many VLANs
 * and groups, claims of 16,000 addresses, floods of MAC addresses, DHCP, router advertisements, questions and pings to the hub,
 * and fragments that the hub has to route and to cut.
 */
export const frames: Attack = { name: "frames", run: (arena) => new Frames(arena).run() };

interface Member {
  wire: Wire;
  readonly index: number;
}

class Frames {
  readonly #arena: Arena;
  readonly #mutator: Mutator;
  #members: Member[] = [];
  #flooders: Member[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#mutator = new Mutator(arena.random, corpusFrames());
  }

  async run(): Promise<void> {
    const arena = this.#arena;
    const { open, given } = arena.plan.attacker;
    const { random } = arena;
    const opened = async (index: number) => ({ index, wire: await this.#open() });
    this.#flooders = await arena.crowd(FLOODERS, opened);
    this.#members = await arena.crowd(MEMBERS, opened);
    const source = () => SUBNET + 256 + random.below(60_000);
    const vlan = (index: number) => index * VLANS + random.below(VLANS);
    const groups = random.of([open, given]);
    await arena.play([
      [
        8,
        "mutated frames",
        () => this.#send(this.#flooders, 40, random.of([open, given]), () => this.#mutated()),
      ],
      [4, "super-frames", () => this.#superFrames()],
      [1, "malformed records", () => this.#malformed()],
      [4, "IGMP reports", this.#from(40, groups, (mac, index) => igmpReports(random, mac, vlan(index)))],
      [3, "MLD reports", this.#from(40, groups, (mac, index) => mldReports(random, mac, vlan(index)))],
      [
        4,
        "ARP claims",
        this.#from(100, given, (mac) => arpClaim(mac, source(), random.of([GATEWAY, source()]))),
      ],
      [
        3,
        "ND claims",
        this.#from(100, given, (mac) => neighbourClaim(mac, PREFIX6 + BigInt(random.below(16_000)))),
      ],
      [2, "floods of MAC addresses", () => this.#send(this.#flooders, 100, open, () => this.#flood())],
      [2, "DHCP and router advertisements", this.#from(10, given, (mac) => this.#rogue(mac))],
      [
        3,
        "questions to the hub",
        this.#from(50, given, (mac) => dnsQuery(random, mac, given.vni, source(), GATEWAY)),
      ],
      [
        2,
        "pings to the hub",
        this.#from(20, given, (mac) => ping(random, mac, given.vni, source(), GATEWAY)),
      ],
      [3, "fragments to be routed and cut", this.#from(10, given, (mac) => this.#fragment(mac, source()))],
    ]);
  }

  /** Sends frames of the members, each from an address of its sender. */
  #from(
    count: number,
    network: NetworkPlan,
    make: (mac: number, index: number) => Buffer,
  ): () => Promise<void> {
    const { random } = this.#arena;
    return () =>
      this.#send(this.#members, count, network, ({ index }) => make(macOf(index, random.below(MACS)), index));
  }

  #open(): Promise<Wire> {
    const { open, given, token } = this.#arena.plan.attacker;
    const features = this.#arena.random.of([["batch", "offload"], ["batch"]]);
    return this.#arena.member({ token, join: [open.vni, given.vni], features, from: FROM });
  }

  async #one(members: readonly Member[]): Promise<Member> {
    const member = this.#arena.random.of(members);
    if (member.wire.isClosed) member.wire = await this.#open();
    return member;
  }

  async #send(
    members: readonly Member[],
    count: number,
    { vni }: NetworkPlan,
    make: (member: Member) => Buffer,
  ): Promise<void> {
    const member = await this.#one(members);
    if (member.wire.waiting > MOST_WAITING) return;
    let bytes = 0;
    const records = Array.from({ length: count }, () => packet(vni, make(member))).filter(({ length }) => {
      bytes += length;
      return bytes <= MESSAGE_BYTES;
    });
    member.wire.sendBinary(Buffer.concat(records));
    this.#arena.did("frames", records.length);
  }

  /** Returns a frame of at least 14 bytes, because shorter ones are no records. */
  #mutated(): Buffer {
    this.#mutator.next();
    const { bytes, end } = this.#mutator;
    const frame = Buffer.from(bytes.subarray(0, Math.max(14, Math.min(end, 4_000))));
    // Avoids a group's address as the source, because the relay drops it at once.
    if (this.#arena.random.below(4) > 0) frame[6] = (frame[6] ?? 0) & 0xfe;
    return frame;
  }

  async #superFrames(): Promise<void> {
    const { random, plan } = this.#arena;
    const { open, given } = plan.attacker;
    const { index, wire } = await this.#one(this.#members);
    if (wire.waiting > MOST_WAITING) return;
    const to = [BROADCAST, macOf(random.below(MEMBERS), 0), HUB + given.vni, 0x0100_5e00_0001];
    const { vni } = random.of([open, given]);
    const make = () => superFrame(random, vni, random.of(to), macOf(index, 0));
    wire.sendBinary(Buffer.concat([make(), make(), make()]));
    this.#arena.did("frames", 3);
  }

  #flood(): Buffer {
    const from = 0x0200_0000_0000 + this.#arena.random.next();
    return ethernet(
      { to: this.#arena.random.of([BROADCAST, from + 1]), from, etherType: 0x88b5 },
      Buffer.alloc(46),
    );
  }

  /** Builds a fragment to the far side of the routed tunnel, or to the hub itself. */
  #fragment(from: number, source: number): Buffer {
    const { random, plan } = this.#arena;
    const to = random.below(4) === 0 ? GATEWAY : ROUTED + random.below(65_536);
    const head = { to: HUB + plan.attacker.given.vni, from, etherType: 0x0800 };
    return ethernet(head, fragment(random, source, to));
  }

  #rogue(mac: number): Buffer {
    return this.#arena.random.below(2) === 0 ? dhcpOffer(mac) : routerAdvertisement(mac);
  }

  /** Sends a malformed message, which closes its session unless it is valid by chance. */
  async #malformed(): Promise<void> {
    const { wire } = await this.#one(this.#flooders);
    wire.sendBinary(
      malformedRecords(this.#arena.random, this.#arena.plan.attacker.open.vni, this.#mutated()),
    );
  }
}

function macOf(member: number, number: number): number {
  return 0x0200_0001_0000 + member * 256 + number;
}
