import type { IpAddress } from "../../frame/address.ts";
import type { HubSender } from "../hub-sender.ts";
import type { Port } from "../port.ts";
import {
  GREETING_RESPONSE,
  LAST_MEMBER_INTERVAL,
  OTHER_QUERIER_INTERVAL,
  QUERY_INTERVAL,
  QUERY_RESPONSE_INTERVAL,
  ROBUSTNESS,
  STARTUP_QUERY_INTERVAL,
  TICK_SLACK,
} from "./timers.ts";

/** What a querier is for: IGMP or MLD, in one VLAN. */
export interface QuerierOptions<Address extends IpAddress> {
  /** Where its queries come from; 0.0.0.0 if the hub has no address there. */
  readonly source: Address;
  /** Builds a frame with a query; without a group a general one. Undefined where there can be none. */
  readonly write: (
    source: Address,
    group: Address | undefined,
    maxResponseMs: number,
  ) => Uint8Array | undefined;
  /** Where those queries come from that don't claim the querier's part, while it is another's. */
  readonly humbleSource: Address;
  readonly sender: HubSender;
}

/**
 * The hub's own querier of one family: without any, hosts report once, when they join, and their memberships
 * run out.
 *
 * It yields to a querier with a lower address (RFC 3376 §6.6.2, RFC 3810 §7.6.2), and to any while its own is
 * 0.0.0.0, which never wins an election (RFC 4541 §2.1.1); it resumes when nothing has been heard of that one
 * for {@link OTHER_QUERIER_INTERVAL}.
 */
export class Querier<Address extends IpAddress> {
  readonly #options: QuerierOptions<Address>;
  /** Whom it yields to, and until when. */
  #other: Address | undefined;
  #otherUntil = 0;
  #nextAt: number;
  /** Startup queries left to send. */
  #startup = ROBUSTNESS;

  /** Begins to ask with the first tick. */
  constructor(options: QuerierOptions<Address>, now: number) {
    this.#options = options;
    this.#nextAt = now;
  }

  /** Whose part it is: another's address, or undefined while it is the hub's. */
  get other(): Address | undefined {
    return this.#other;
  }

  /** Notes a query by another: not one from 0.0.0.0. */
  heard(source: Address, now: number): void {
    const own = this.#options.source;
    if (own && source >= own) return;
    this.#other = source;
    this.#otherUntil = now + OTHER_QUERIER_INTERVAL;
  }

  /**
   * Sends the general query that is due, if any; to be called about once a second.
   *
   * @param mayAsk whether it may be sent now; if not, it is due still
   */
  tick(now: number, mayAsk: () => boolean = () => true): void {
    if (this.#other !== undefined) {
      if (now < this.#otherUntil) return;
      this.#other = undefined;
      this.#nextAt = now;
    }
    if (now < this.#nextAt - TICK_SLACK || !mayAsk()) return;
    if (this.#startup > 0) this.#startup--;
    this.#nextAt = now + (this.#startup > 0 ? STARTUP_QUERY_INTERVAL : QUERY_INTERVAL);
    const query = this.#write(undefined, QUERY_RESPONSE_INTERVAL);
    if (query !== undefined) this.#options.sender.toAll(query);
  }

  /** Asks a port that has just come what its hosts are in, whoever is querier: its hosts may have joined long ago. */
  greet(port: Port): void {
    this.#ask(port, undefined, GREETING_RESPONSE);
  }

  /**
   * Asks the port where somebody left a group whether somebody else is still in it. Whoever is querier: it is
   * the hub's memberships that are at stake, and the querier learns of the leave itself.
   */
  askLastMember(group: Address, port: Port): void {
    this.#ask(port, group, LAST_MEMBER_INTERVAL);
  }

  #ask(port: Port, group: Address | undefined, responseSeconds: number): void {
    const query = this.#write(group, responseSeconds);
    if (query !== undefined) this.#options.sender.toPort(port, query);
  }

  #write(group: Address | undefined, responseSeconds: number): Uint8Array | undefined {
    const { source, humbleSource, write } = this.#options;
    return write(this.#other === undefined ? source : humbleSource, group, responseSeconds * 1000);
  }
}
