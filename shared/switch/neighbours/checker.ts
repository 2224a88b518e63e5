import type { IpAddress } from "../../frame/address.ts";
import { type Budget, BudgetShares } from "../budget.ts";
import type { HubSender } from "../hub-sender.ts";
import type { Port } from "../port.ts";
import {
  CHECK_AFTER_SECONDS,
  CHECK_RETRY_SECONDS,
  CHECKS_PER_PORT_AND_TICK,
  CHECKS_PER_TICK,
  FRESH_SECONDS,
  HOLD_SECONDS,
  MAX_CHECKS,
  MAX_QUESTIONS,
  MAX_QUESTIONS_PER_PORT,
} from "./limits.ts";
import { arpProbe, solicitation } from "./messages.ts";
import { awaitsRouterFlag, type NeighbourEntry } from "./neighbour-entry.ts";
import type { NeighbourTable } from "./neighbour-table.ts";

/** A question to a machine that does not own an entry, asked once. */
interface Question {
  readonly address: IpAddress;
  readonly mac: number;
  /** Returns the machine's port when the time has come; undefined if it is unknown. */
  readonly locate: () => Port | undefined;
  /** The port whose frame caused it. */
  readonly cause: Port;
  readonly at: number;
}

/**
 * Asks machines whether they still have their addresses, by unicast, so that those that answer stay known and the others
 * are removed. The answers come in as claims.
 */
export class Checker {
  readonly #mac: number;
  readonly #sender: HubSender;
  readonly #table: NeighbourTable;
  #questions: Question[] = [];
  readonly #shares: BudgetShares<Port>;

  /**
   * @param mac the hub's own
   * @param budget the segment's, in addresses: a question takes as much memory as an address
   */
  constructor(mac: number, sender: HubSender, table: NeighbourTable, budget: Budget) {
    this.#shares = new BudgetShares(MAX_QUESTIONS_PER_PORT, [budget]);
    this.#mac = mac;
    this.#sender = sender;
    this.#table = table;
  }

  /** Queues a question for its time; drops it if too many wait. */
  ask(question: Question): void {
    if (this.#questions.length >= MAX_QUESTIONS || !this.#shares.take(question.cause)) return;
    this.#questions.push(question);
  }

  /** Schedules a check of an owner on whose behalf the hub has answered, unless it was heard recently. */
  answered(entry: NeighbourEntry, now: number): void {
    if (entry.kind === "registered" || now - entry.seenAt < FRESH_SECONDS) return;
    if (entry.checks === 0) entry.checkAt = Math.min(entry.checkAt, now);
  }

  /** Sends no checks of an address for a while, because a machine probes for it. */
  hold(address: IpAddress, now: number): void {
    const entry = this.#table.get(address);
    if (entry !== undefined) entry.checkAt = Math.max(entry.checkAt, now + HOLD_SECONDS);
  }

  detach(port: Port): void {
    this.#keep((question) => question.cause !== port && question.locate() !== port);
  }

  /** Sends the questions that are due, within the limits; removes owners that missed {@link MAX_CHECKS}. */
  tick(now: number): void {
    const allowance = new Allowance();
    this.#keep((question) => !this.#settle(question, allowance, now));
    for (const entry of this.#table.entries()) {
      if (allowance.left === 0) return;
      if (entry.checkAt <= now && isToCheck(entry)) this.#check(entry, allowance, now);
    }
  }

  #keep(isKept: (question: Question) => boolean): void {
    this.#questions = this.#questions.filter((question) => {
      const kept = isKept(question);
      if (!kept) this.#shares.give(question.cause);
      return kept;
    });
  }

  #check(entry: NeighbourEntry, allowance: Allowance, now: number): void {
    if (entry.checks >= MAX_CHECKS) {
      entry.checks = 0;
      entry.checkAt = now + CHECK_AFTER_SECONDS;
      if (entry.kind === "learned") this.#table.remove(entry);
      return;
    }
    if (!allowance.take(entry.port)) return;
    entry.checks++;
    entry.checkAt = now + CHECK_RETRY_SECONDS;
    this.send(entry.port, entry.mac, entry.address);
  }

  /** Asks a question that is due. @returns whether it is settled, asked or not */
  #settle(question: Question, allowance: Allowance, now: number): boolean {
    if (question.at > now) return false;
    const { address, mac } = question;
    // The machine has claimed the address meanwhile.
    if (this.#table.get(address)?.mac === mac) return true;
    const port = question.locate();
    if (port === undefined) return true;
    if (!allowance.take(port)) return false;
    this.send(port, mac, address);
    return true;
  }

  /** Asks the machine with a MAC address behind a port, by unicast and at once, whether it has an IP address. */
  send(port: Port, mac: number, address: IpAddress): void {
    const frame =
      typeof address === "number" ? arpProbe(this.#mac, mac, address) : solicitation(this.#mac, mac, address);
    if (frame !== undefined) this.#sender.toPort(port, frame);
  }
}

/** Returns whether an entry is checked: a registered one only while it is unknown whether it is a router. */
function isToCheck(entry: NeighbourEntry): boolean {
  return entry.kind === "learned" || awaitsRouterFlag(entry.address, entry.router);
}

/** The number of questions that may be sent in one tick. */
class Allowance {
  left = CHECKS_PER_TICK;
  readonly #used = new Map<Port, number>();

  /** Counts a question to a port. @returns whether it may be sent */
  take(port: Port): boolean {
    const used = this.#used.get(port) ?? 0;
    if (this.left === 0 || used >= CHECKS_PER_PORT_AND_TICK) return false;
    this.#used.set(port, used + 1);
    this.left--;
    return true;
  }
}
