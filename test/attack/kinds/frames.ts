import { Buffer } from "node:buffer";
import { corpusFrames } from "../../fuzz/frames.ts";
import { Mutator } from "../../fuzz/mutator.ts";
import { packet } from "../../relay/client.ts";
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
/** Source addresses that a session may have: each member stays within it, to be heard. */
const MACS = 60;
const GATEWAY = 0x0a42_0001;
const SUBNET = 0x0a42_0000;
const ROUTED = 0x0a4d_0000;
const PREFIX6 = 0xfd66n * 2n ** 112n;
const FROM = "127.0.1.3";

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

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#mutator = new Mutator(arena.random, corpusFrames());
  }

  async run(): Promise<void> {
    const arena = this.#arena;
    const { open, given } = arena.plan.attacker;
    const { random } = arena;
    this.#members = await arena.crowd(MEMBERS, async (index) => ({ index, wire: await this.#open() }));
    const many = (network: NetworkPlan, count: number, make: (mac: number, index: number) => Buffer) => () =>
      this.#send(count, ({ index }) => packet(network.vni, make(macOf(index, random.below(MACS)), index)));
    const source = () => SUBNET + 256 + random.below(60_000);
    const routed = () => ROUTED + random.below(65_536);
    await arena.play([
      [
        8,
        "mutated frames",
        () => this.#send(40, () => packet(random.of([open, given]).vni, this.#mutated())),
      ],
      [4, "super-frames", () => this.#send(3, (member) => this.#superFrame(member))],
      [1, "malformed records", () => this.#malformed()],
      [4, "IGMP reports", many(open, 40, (mac) => igmpReports(random, mac))],
      [3, "MLD reports", many(open, 40, (mac) => mldReports(random, mac))],
      [4, "ARP claims", many(given, 100, (mac) => arpClaim(mac, source(), random.of([GATEWAY, source()])))],
      [
        3,
        "ND claims",
        many(given, 100, (mac) => neighbourClaim(mac, PREFIX6 + BigInt(random.below(16_000)))),
      ],
      [
        2,
        "floods of MAC addresses",
        many(open, 100, () => {
          const from = 0x0200_0000_0000 + random.next();
          return ethernet(
            { to: random.of([BROADCAST, from + 1]), from, etherType: 0x88b5 },
            Buffer.alloc(46),
          );
        }),
      ],
      [2, "DHCP and router advertisements", many(given, 10, (mac) => this.#rogue(mac))],
      [
        3,
        "questions to the hub",
        many(given, 50, (mac) => dnsQuery(random, mac, given.vni, source(), GATEWAY)),
      ],
      [2, "pings to the hub", many(given, 20, (mac) => ping(random, mac, given.vni, source(), GATEWAY))],
      [
        3,
        "fragments to be routed and cut",
        many(given, 10, (mac) => {
          const to = random.below(4) === 0 ? GATEWAY : routed();
          const head = { to: HUB + given.vni, from: mac, etherType: 0x0800 };
          return ethernet(head, fragment(random, source(), to));
        }),
      ],
    ]);
  }

  #open(): Promise<Wire> {
    const { open, given, token } = this.#arena.plan.attacker;
    const features = this.#arena.random.of([["batch", "offload"], ["batch"]]);
    return this.#arena.member({ token, join: [open.vni, given.vni], features, from: FROM });
  }

  async #member(): Promise<Member> {
    const member = this.#arena.random.of(this.#members);
    if (member.wire.isClosed) member.wire = await this.#open();
    return member;
  }

  async #send(count: number, make: (member: Member) => Buffer): Promise<void> {
    const member = await this.#member();
    if (member.wire.waiting > MOST_WAITING) return;
    member.wire.sendBinary(
      Buffer.concat(Array.from({ length: count }, () => make(member))).subarray(0, 262_144),
    );
    this.#arena.did("frames", count);
  }

  /** A frame of 14 bytes at least: shorter ones are no records. */
  #mutated(): Buffer {
    this.#mutator.next();
    const { bytes, end } = this.#mutator;
    const frame = Buffer.from(bytes.subarray(0, Math.max(14, Math.min(end, 4_000))));
    // A group's address as the source is dropped at once, which gets nowhere.
    if (this.#arena.random.below(4) > 0) frame[6] = (frame[6] ?? 0) & 0xfe;
    return frame;
  }

  #superFrame({ index }: Member): Buffer {
    const { random, plan } = this.#arena;
    const { open, given } = plan.attacker;
    const to = random.of([BROADCAST, macOf(random.below(MEMBERS), 0), HUB + given.vni, 0x0100_5e00_0001]);
    return superFrame(random, random.of([open, given]).vni, to, macOf(index, 0));
  }

  #rogue(mac: number): Buffer {
    return this.#arena.random.below(2) === 0 ? dhcpOffer(mac) : routerAdvertisement(mac);
  }

  /** Closes the session that sends it, unless it happens to be right. */
  async #malformed(): Promise<void> {
    const { wire } = await this.#member();
    wire.sendBinary(
      malformedRecords(this.#arena.random, this.#arena.plan.attacker.open.vni, this.#mutated()),
    );
  }
}

function macOf(member: number, number: number): number {
  return 0x0200_0001_0000 + member * 256 + number;
}
