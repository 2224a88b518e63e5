import {
  type IpAddress,
  type Ipv4Address,
  type Ipv6Address,
  linkLocalOf,
  parseAddress,
} from "../../frame/address.ts";
import { isGroup } from "../../frame/mac.ts";
import { Budget } from "../budget.ts";
import { PortNoticeLimit } from "../guards/notice-limit.ts";
import type { HubSender } from "../hub-sender.ts";
import type { SegmentNotice } from "../notice.ts";
import type { FrameView } from "../policy/frame-view.ts";
import type { Port } from "../port.ts";
import { Checker } from "./checker.ts";
import { DuplicateReporter } from "./duplicate-reporter.ts";
import { ASKED_BY, LEASE_SETTLE_SECONDS, MAC_QUESTIONS_PER_TICK, NEIGHBOURS_PER_SEGMENT } from "./limits.ts";
import { advertisement, arpReply } from "./messages.ts";
import {
  awaitsRouterFlag,
  isLive,
  type Neighbour,
  type NeighbourClaim,
  type NeighbourEntry,
} from "./neighbour-entry.ts";
import { type Entered, NeighbourTable } from "./neighbour-table.ts";
import { isHostAddress, readUtterance, type SpokenClaim, type Utterance } from "./utterance.ts";

/** Every machine on the link (RFC 4291 section 2.7.1), and the group's MAC (RFC 2464 section 7). */
const ALL_NODES = (0xff02n << 112n) | 1n;
const ALL_NODES_MAC = 0x3333_0000_0001;

/** Whether a frame goes on, or ends here because the hub answered it. */
export type SuppressorVerdict = "pass" | "answered";

export interface SuppressorOptions {
  /** The hub's MAC address in this segment. */
  readonly mac: number;
  readonly sender: HubSender;
  readonly notice: (notice: SegmentNotice) => void;
  /**
   * Returns the port of a MAC address in the FDB. Finds machines that moved since their last claim, and those that just
   * got a lease. Without it the ports of the neighbour table count.
   */
  readonly locate?: (mac: number) => Port | undefined;
  /** Called with every IP address that a machine claims. */
  readonly heard?: ((address: IpAddress) => void) | undefined;
  /** Budget of addresses in the segment; one of its own unless given. */
  readonly budget?: Budget | undefined;
  /** False if it only learns owners and answers for the hub's own addresses. */
  readonly answers?: boolean;
}

/**
 * ARP and ND suppression in one segment (RFC 9161): the hub answers questions for known neighbours itself and does not
 * flood them.
 *
 * Other frames go on: probes and duplicate address detection, so that the owner defends its address itself; announcements,
 * which are for all; unicast questions, which check that very machine; and all tagged frames.
 */
export class NeighbourSuppressor {
  readonly #mac: number;
  readonly #linkLocal: Ipv6Address;
  readonly #sender: HubSender;
  readonly #locate: (mac: number) => Port | undefined;
  readonly #table: NeighbourTable;
  readonly #notice: (notice: SegmentNotice) => void;
  readonly #noticedFull = new PortNoticeLimit();
  #macQuestions = 0;
  readonly #checker: Checker;
  readonly #duplicates: DuplicateReporter;
  readonly #answers: boolean;
  readonly #heard: ((address: IpAddress) => void) | undefined;
  /** The hub's own addresses without its link-local one. */
  readonly #own = new Set<IpAddress>();

  constructor(options: SuppressorOptions) {
    const { mac, sender, notice, locate = () => undefined, heard, answers = true } = options;
    const budget = options.budget ?? new Budget(NEIGHBOURS_PER_SEGMENT);
    this.#mac = mac;
    this.#linkLocal = linkLocalOf(mac);
    this.#sender = sender;
    this.#notice = notice;
    this.#locate = locate;
    this.#table = new NeighbourTable(budget);
    this.#checker = new Checker(mac, sender, this.#table, budget);
    this.#duplicates = new DuplicateReporter(notice);
    this.#answers = answers;
    this.#heard = heard;
  }

  /**
   * Defends addresses of the hub itself (RFC 5227 section 2.4, RFC 4862 section 5.4): answers questions and probes for
   * them, and drops the claims of other machines.
   *
   * @param port the hub's own port
   */
  own(port: Port, addresses: Iterable<IpAddress>, now: number): void {
    for (const address of addresses) {
      this.#own.add(address);
      this.#table.register(address, this.#mac, port, now);
      const entry = this.#table.get(address);
      if (entry !== undefined) entry.router = false;
    }
  }

  /** Stops defending an address of the hub. */
  disown(port: Port, address: IpAddress): void {
    if (!this.#own.delete(address)) return;
    const entry = this.#table.get(address);
    if (entry?.port === port) this.#table.remove(entry);
  }

  /**
   * Learns from a frame that came in at `from` and that the guards let pass, and answers it if it can. Looks at ARP, ND
   * and DHCP, whatever their destination; other frames pass.
   *
   * @param now seconds, never going back
   */
  judge(from: Port, view: FrameView, now: number): SuppressorVerdict {
    const said = readUtterance(view);
    if (said === undefined || said.source === this.#mac) return "pass";
    if (said.probed !== undefined) this.#hold(said.probed, said.source, now);
    if (said.claim !== undefined) {
      this.#claim(from, said.source, said.claim, now);
      this.#heard?.(said.claim.address);
    }
    if (this.#defend(from, said)) return "answered";
    if (said.lease !== undefined) this.#lease(from, said.lease.address, said.lease.mac, now);
    if (this.#answer(from, said, now)) return "answered";
    return said.destination === this.#mac ? "answered" : "pass";
  }

  /**
   * Returns the neighbour that the hub would name to a machine behind `from` that asks for `address`; undefined if it would
   * let the question pass.
   */
  find(address: IpAddress, from: Port, now: number): Neighbour | undefined {
    const entry = this.#table.get(address);
    if (entry === undefined || !isLive(entry, now) || entry.isQuiet(now)) return undefined;
    if (awaitsRouterFlag(address, entry.router)) return undefined;
    return this.#portOf(entry) === from ? undefined : entry;
  }

  /** Returns the known owner of an address, even if the hub would not name it to others. */
  owner(address: IpAddress, now: number): Neighbour | undefined {
    const entry = this.#table.get(address);
    return entry !== undefined && isLive(entry, now) ? entry : undefined;
  }

  /** Number of registered addresses that changed their owner. */
  get moves(): number {
    return this.#table.moves;
  }

  /** Number of registered addresses that became free. */
  get removals(): number {
    return this.#table.removals;
  }

  /** Returns whether an address is registered for a machine behind a port; undefined if no owner is known. */
  isRegistered(address: IpAddress, mac: number, port: Port): boolean | undefined {
    const entry = this.#table.get(address);
    return entry && entry.kind === "registered" && entry.mac === mac && entry.port === port;
  }

  /**
   * Registers an address of the machine with `mac` behind `port`, until {@link withdraw} or {@link detach}. If another
   * machine has the address, the hub asks that one, and the caller registers again for some seconds.
   *
   * @param isNews false if the caller repeats an earlier registration
   */
  enter(port: Port, mac: number, address: IpAddress, now: number, isNews = true): Entered | "not-a-machine" {
    if (!isHostAddress(address)) return "not-a-machine";
    const entry = this.#table.get(address);
    if (entry !== undefined && this.#own.has(address)) {
      this.#table.remember(entry, port);
      this.#duplicates.report(entry, entry, { mac, port }, now);
      return "contested";
    }
    const before = entry?.dispute?.contest;
    const entered = this.#table.register(address, mac, port, now, isNews);
    if (entered === "over-limit") this.#tellFull(port, now);
    const begun = this.#table.get(address);
    if (begun?.dispute?.contest !== before && begun !== undefined && begun.mac !== mac) this.#ask(begun);
    return entered;
  }

  /**
   * Registers the addresses of the machine with `mac` behind `port`.
   *
   * @param addresses IPv4 or IPv6, as text
   * @returns the addresses refused: not of a machine, another machine's, or too many
   */
  register(port: Port, mac: number, addresses: readonly string[], now: number): string[] {
    return addresses.filter((text) => {
      const address = parseAddress(text);
      return address === undefined || this.enter(port, mac, address, now) !== "registered";
    });
  }

  /**
   * Asks the machine with a MAC address whether it is behind a port, by its known IP addresses.
   *
   * @returns whether it has any
   */
  askMac(mac: number, port: Port): boolean {
    if (this.#macQuestions >= MAC_QUESTIONS_PER_TICK) return false;
    this.#macQuestions++;
    let asked = 0;
    for (const entry of this.#table.entries()) {
      if (entry.mac !== mac || asked >= ASKED_BY) continue;
      this.#checker.send(port, mac, entry.address);
      asked++;
    }
    return asked > 0;
  }

  /** Withdraws an address that `port` has registered. */
  withdrawAddress(port: Port, address: IpAddress): void {
    const entry = this.#table.get(address);
    if (entry?.kind === "registered" && entry.port === port && !this.#own.has(address))
      this.#table.remove(entry);
  }

  /** Withdraws the addresses that `port` has registered for `mac`, or all of its addresses. */
  withdraw(port: Port, mac?: number): void {
    for (const entry of this.#table.entries()) {
      if (entry.kind !== "registered" || entry.port !== port) continue;
      if (mac === undefined || entry.mac === mac) this.#table.remove(entry);
    }
  }

  /** Forgets a port that has left. */
  detach(port: Port): void {
    this.#table.detach(port);
    this.#checker.detach(port);
    this.#duplicates.detach(port);
    this.#noticedFull.detach(port);
  }

  /** Removes machines that were silent for too long and checks the quiet ones; to be called about once a second. */
  tick(now: number): void {
    this.#macQuestions = 0;
    this.#table.age(now);
    for (const { entry, outcome, owner, other } of this.#table.decide(now)) {
      if (outcome === "ask") this.#ask(entry);
      if (outcome === "kept") this.#duplicates.report(entry, owner, other, now);
    }
    this.#checker.tick(now);
  }

  entries(): IterableIterator<Neighbour> {
    return this.#table.entries();
  }

  #claim(from: Port, mac: number, spoken: SpokenClaim, now: number): void {
    const { address, router, override } = spoken;
    const entry = this.#table.get(address);
    if (spoken.weak === true && !hasHad(entry, mac)) return;
    const claim: NeighbourClaim = { address, mac, port: from, router, override };
    if (entry !== undefined && entry.mac !== mac && this.#own.has(address)) {
      this.#table.remember(entry, from);
      return this.#duplicates.report(entry, entry, claim, now);
    }
    const owner = entry === undefined ? undefined : { mac: entry.mac, port: entry.port };
    const contest = entry?.dispute?.contest;
    const claimed = this.#table.claim(claim, now);
    if (claimed === "over-limit") this.#tellFull(from, now);
    if (entry === undefined || owner === undefined) return;
    if (claimed === "disputed") this.#duplicates.report(entry, owner, claim, now);
    else if (claimed === "contested") this.#ask(entry);
    else if (claimed === "defended" && contest !== undefined) {
      this.#table.keep(entry, now);
      this.#duplicates.report(entry, owner, contest, now);
    } else if (claimed === "taken-over") {
      // If the former owner answers, two machines use the address.
      this.#checker.ask({ address, mac: owner.mac, locate: () => owner.port, cause: from, at: now });
    }
  }

  /** Asks the owner of an entry whether it is there. */
  #ask({ address, mac, port }: NeighbourEntry): void {
    this.#checker.send(port, mac, address);
  }

  #tellFull(port: Port, now: number): void {
    if (!this.#noticedFull.isDue(port, now)) return;
    this.#notice({
      code: "limit.neighbours",
      message:
        `${port.id} says that it has more IP addresses than the hub has room for; it does not answer for further ones. ` +
        "Look there for a machine that makes addresses up, or have the tenant's limit 'neighbours' raised.",
      ports: [port],
    });
  }

  #hold(address: IpAddress, mac: number, now: number): void {
    const entry = this.#table.get(address);
    if (entry?.mac !== mac) return;
    this.#checker.hold(address, now);
    // The machine is there, and would take a question of the hub for another machine's probe.
    this.#table.keep(entry, now);
  }

  /** Schedules a question to the client of a lease. A lease is not the client's own claim, so nothing is learnt from it. */
  #lease(from: Port, address: Ipv4Address, mac: number, now: number): void {
    const entry = this.#table.get(address);
    if (entry?.mac === mac || entry?.kind === "registered") return;
    if (entry !== undefined) {
      this.#table.hush(entry, from, now + LEASE_SETTLE_SECONDS);
      entry.checkAt = Math.min(entry.checkAt, now);
    }
    const at = now + LEASE_SETTLE_SECONDS;
    this.#checker.ask({ address, mac, locate: () => this.#locate(mac), cause: from, at });
  }

  /** Answers a probe for an address of the hub. @returns whether the frame is about such an address and ends here */
  #defend(from: Port, { source, probed, claim }: Utterance): boolean {
    if (claim !== undefined && this.#own.has(claim.address)) return true;
    if (probed === undefined || !this.#own.has(probed)) return false;
    const own = { mac: this.#mac, router: false, override: true };
    // A machine that probes has no address to answer to.
    if (typeof probed === "number") this.#say(from, arpReply(this.#mac, probed, source, 0));
    else this.#say(from, advertise(own, probed, ALL_NODES_MAC, ALL_NODES, false));
    return true;
  }

  #answer(from: Port, { source, destination, question }: Utterance, now: number): boolean {
    if (question === undefined) return false;
    const { address, asker } = question;
    if (address === this.#linkLocal && typeof asker === "bigint") {
      const own = { mac: this.#mac, router: false, override: true };
      this.#say(from, advertise(own, address, source, asker));
      return true;
    }
    const asked = this.#own.has(address) || (this.#answers && isGroup(destination));
    if (!asked || this.find(address, from, now) === undefined) return false;
    const entry = this.#table.get(address);
    if (entry === undefined || entry.mac === source || !this.#follow(entry)) return false;
    if (typeof address === "number" && typeof asker === "number") {
      this.#say(from, arpReply(entry.mac, address, source, asker));
    } else if (typeof address === "bigint" && typeof asker === "bigint") {
      this.#say(from, advertise(entry, address, source, asker));
    }
    this.#checker.answered(entry, now);
    return true;
  }

  #say(to: Port, frame: Uint8Array | undefined): void {
    if (frame !== undefined) this.#sender.toPort(to, frame);
  }

  /** Returns the port of a machine: the FDB's, because that sees all its frames, unless the entry is registered. */
  #portOf(entry: NeighbourEntry): Port {
    return (entry.kind === "learned" ? this.#locate(entry.mac) : undefined) ?? entry.port;
  }

  /** Updates the port of an entry. @returns false if there is no room for it there */
  #follow(entry: NeighbourEntry): boolean {
    const port = this.#portOf(entry);
    return port === entry.port || this.#table.relocate(entry, port);
  }
}

/** Returns whether the machine has the address now, or had it before. */
function hasHad(entry: NeighbourEntry | undefined, mac: number): boolean {
  return entry !== undefined && (entry.mac === mac || entry.dispute?.has(mac) === true);
}

/** Builds the owner's advertisement as an answer to `asker`. */
function advertise(
  owner: Pick<NeighbourEntry, "mac" | "override"> & { readonly router: boolean | undefined },
  address: Ipv6Address,
  askerMac: number,
  asker: Ipv6Address,
  solicited = true,
): Uint8Array | undefined {
  return advertisement(askerMac, {
    source: address,
    destination: asker,
    target: address,
    router: owner.router === true,
    solicited,
    override: owner.override,
    targetMac: owner.mac,
  });
}
