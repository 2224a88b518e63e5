import { type IpAddress, type Ipv4Address, type Ipv6Address, parseAddress } from "../../frame/address.ts";
import { isGroup } from "../../frame/mac.ts";
import { Budget } from "../budget.ts";
import type { FrameView } from "../frame-view.ts";
import { NoticeLimit } from "../guards/notice-limit.ts";
import type { HubSender } from "../hub-sender.ts";
import type { Notice } from "../notice.ts";
import type { Port } from "../port.ts";
import { Checker } from "./checker.ts";
import { DuplicateReporter } from "./duplicate-reporter.ts";
import { ASKED_BY, LEASE_SETTLE_SECONDS, MAC_QUESTIONS_PER_TICK, NEIGHBOURS_PER_SEGMENT } from "./limits.ts";
import { advertisement, arpReply, linkLocalOf } from "./messages.ts";
import { awaitsRouterFlag, type Claim, type Entry, isLive, type Neighbour } from "./neighbour-entry.ts";
import { type Entered, NeighbourTable } from "./neighbour-table.ts";
import { isHostAddress, readUtterance, type SpokenClaim, type Utterance } from "./utterance.ts";

/** Every machine on the link (RFC 4291 section 2.7.1), and the group's MAC (RFC 2464 section 7). */
const ALL_NODES = (0xff02n << 112n) | 1n;
const ALL_NODES_MAC = 0x3333_0000_0001;

/** What is to become of a frame: on its way as if nobody had asked, or no further. */
export type Verdict = "pass" | "answered";

export interface SuppressorOptions {
  /** The hub's own, in this segment. */
  readonly mac: number;
  readonly sender: HubSender;
  readonly notice: (notice: Notice) => void;
  /**
   * Where the FDB has a MAC: so that a machine that moved is not taken to be where it last spoke of its
   * address, and one that got a lease can be asked. Without it the table's own knowledge has to do.
   */
  readonly locate?: (mac: number) => Port | undefined;
  /** Told of every address that a machine says to have. */
  readonly heard?: ((address: IpAddress) => void) | undefined;
  /** Of what may be known in the segment, in addresses; a bound of its own unless given. */
  readonly budget?: Budget | undefined;
  /** False where it is only to know who has which address, and to answer for the hub alone. */
  readonly answers?: boolean;
}

/**
 * ARP and ND suppression in one segment, after RFC 9161: who asks for a known neighbour is answered by the
 * hub, alone, and nobody else hears of it.
 *
 * All that isn't a question for a machine behind another port goes on: probes and duplicate address
 * detection, so that the owner itself defends its address; announcements, so that all hear of them;
 * questions to one machine alone, which are checks of that very machine; and all in a VLAN of its own.
 */
export class NeighbourSuppressor {
  readonly #mac: number;
  readonly #linkLocal: Ipv6Address;
  readonly #sender: HubSender;
  readonly #locate: (mac: number) => Port | undefined;
  readonly #table: NeighbourTable;
  readonly #notice: (notice: Notice) => void;
  readonly #noticedFull = new NoticeLimit();
  #macQuestions = 0;
  readonly #checker: Checker;
  readonly #duplicates: DuplicateReporter;
  readonly #answers: boolean;
  readonly #heard: ((address: IpAddress) => void) | undefined;
  /** The hub's own, but for its link-local one. */
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
   * Has the hub defend addresses of its own (RFC 5227 section 2.4, RFC 4862 section 5.4): it answers whoever asks for
   * them or would like to have them, and lets nobody else's claim pass.
   *
   * @param port where the hub itself is
   */
  own(port: Port, addresses: Iterable<IpAddress>, now: number): void {
    for (const address of addresses) {
      this.#own.add(address);
      this.#table.register(address, this.#mac, port, now);
      const entry = this.#table.get(address);
      if (entry !== undefined) entry.router = false;
    }
  }

  /** Has an address be the hub's own no longer. */
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
  judge(from: Port, view: FrameView, now: number): Verdict {
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
   * Whom the hub would name to a machine behind `from` that asks everybody for `address`: undefined where
   * it would let the question pass.
   */
  find(address: IpAddress, from: Port, now: number): Neighbour | undefined {
    const entry = this.#table.get(address);
    if (entry === undefined || !isLive(entry, now) || entry.isQuiet(now)) return undefined;
    if (awaitsRouterFlag(address, entry.router)) return undefined;
    return this.#portOf(entry) === from ? undefined : entry;
  }

  /** Who has an address, as far as is known, whether it would be named to others or not. */
  owner(address: IpAddress, now: number): Neighbour | undefined {
    const entry = this.#table.get(address);
    return entry !== undefined && isLive(entry, now) ? entry : undefined;
  }

  /** Grows whenever a registered address has changed hands. */
  get moves(): number {
    return this.#table.moves;
  }

  /** Grows whenever a registered address has become free. */
  get removals(): number {
    return this.#table.removals;
  }

  /** Whether an address is registered for a machine behind a port; undefined if no owner is known. */
  isRegistered(address: IpAddress, mac: number, port: Port): boolean | undefined {
    const entry = this.#table.get(address);
    return entry && entry.kind === "registered" && entry.mac === mac && entry.port === port;
  }

  /**
   * Enters an address of the machine with `mac` behind `port`, as its VTEP says: it stays until {@link withdraw} or
   * {@link detach}. An address that another machine has is not taken from it: that is asked whether it is there, and the
   * registration has to be tried again for some seconds.
   *
   * @param isNews false where it is tried again, and not the VTEP's word of just now
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
   * Enters the addresses of the machine with `mac` behind `port`.
   *
   * @param addresses IPv4 or IPv6, as text
   * @returns those not taken: no addresses of machines, another's, or too many
   */
  register(port: Port, mac: number, addresses: readonly string[], now: number): string[] {
    return addresses.filter((text) => {
      const address = parseAddress(text);
      return address === undefined || this.enter(port, mac, address, now) !== "registered";
    });
  }

  /**
   * Asks the machine with a MAC address behind a port whether it is there, by the addresses that it has.
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

  /** Takes back an address that `port` has registered. */
  withdrawAddress(port: Port, address: IpAddress): void {
    const entry = this.#table.get(address);
    if (entry?.kind === "registered" && entry.port === port && !this.#own.has(address))
      this.#table.remove(entry);
  }

  /** Takes back what `port` has registered for `mac`, or all that it has. */
  withdraw(port: Port, mac?: number): void {
    for (const entry of this.#table.entries()) {
      if (entry.kind !== "registered" || entry.port !== port) continue;
      if (mac === undefined || entry.mac === mac) this.#table.remove(entry);
    }
  }

  /** Forgets all about a port that is gone. */
  detach(port: Port): void {
    this.#table.detach(port);
    this.#checker.detach(port);
    this.#duplicates.detach(port);
    this.#noticedFull.detach(port);
  }

  /** Forgets who was silent for too long and asks who might be gone; to be called about once a second. */
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
    const claim: Claim = { address, mac, port: from, router, override };
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
      // If it still answers, there are two.
      this.#checker.ask({ address, mac: owner.mac, locate: () => owner.port, cause: from, at: now });
    }
  }

  /** Asks an entry's owner whether it is there. */
  #ask({ address, mac, port }: Entry): void {
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
    // It is there, and a question of the hub's would look to it like another machine that probes for its address.
    this.#table.keep(entry, now);
  }

  /** A lease isn't the machine's own word, so nothing is learnt from it but what to ask, once it has settled. */
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

  /** @returns whether the frame is about an address of the hub's own, which is not for others to hear */
  #defend(from: Port, { source, probed, claim }: Utterance): boolean {
    if (claim !== undefined && this.#own.has(claim.address)) return true;
    if (probed === undefined || !this.#own.has(probed)) return false;
    const own = { mac: this.#mac, router: false, override: true };
    // Who probes has no address that could be answered to.
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

  /** Where the machine is now: the FDB sees all of its frames, and a registered one stays put. */
  #portOf(entry: Entry): Port {
    return (entry.kind === "learned" ? this.#locate(entry.mac) : undefined) ?? entry.port;
  }

  /** Brings the entry's port up to date; false if there is no room for it there. */
  #follow(entry: Entry): boolean {
    const port = this.#portOf(entry);
    return port === entry.port || this.#table.relocate(entry, port);
  }
}

/** Whether the machine has the address now, or had it before. */
function hasHad(entry: Entry | undefined, mac: number): boolean {
  return entry !== undefined && (entry.mac === mac || entry.dispute?.has(mac) === true);
}

/** The owner's advertisement, as an answer to `asker`. */
function advertise(
  owner: Pick<Entry, "mac" | "override"> & { readonly router: boolean | undefined },
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
