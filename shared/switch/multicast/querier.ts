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

/** The parts of a querier that depend on the protocol, IGMP or MLD, and the VLAN. */
export interface QuerierOptions<Address extends IpAddress> {
  /** The source of its queries; 0.0.0.0 if the hub has no address there. */
  readonly source: Address;
  /** Builds a frame with a query; a general one without a group. Undefined for fields out of range. */
  readonly write: (
    source: Address,
    group: Address | undefined,
    maxResponseMs: number,
  ) => Uint8Array | undefined;
  /** The source of queries that do not compete for the querier's role, while another router has it. */
  readonly humbleSource: Address;
  readonly sender: HubSender;
}

/**
 * The hub's querier of one family. Without a querier hosts report only when they join, and memberships time out.
 *
 * It yields to a querier with a lower address (RFC 3376 §6.6.2, RFC 3810 §7.6.2), and to any while its own address is
 * 0.0.0.0, which never wins an election (RFC 4541 §2.1.1). It resumes when the other was silent for
 * {@link OTHER_QUERIER_INTERVAL}.
 */
export class Querier<Address extends IpAddress> {
  readonly #options: QuerierOptions<Address>;
  /** The querier that it yields to, and until when. */
  #other: Address | undefined;
  #otherUntil = 0;
  #nextAt: number;
  /** Startup queries left to send. */
  #startup = ROBUSTNESS;

  /** Starts to query with the first tick. */
  constructor(options: QuerierOptions<Address>, now: number) {
    this.#options = options;
    this.#nextAt = now;
  }

  /** The address of the querier; undefined while it is the hub. */
  get other(): Address | undefined {
    return this.#other;
  }

  /** Notes another router's query, which must not be from 0.0.0.0. */
  heard(source: Address, now: number): void {
    const own = this.#options.source;
    if (own && source >= own) return;
    this.#other = source;
    this.#otherUntil = now + OTHER_QUERIER_INTERVAL;
  }

  /**
   * Sends the general query that is due, if any; to be called about once a second.
   *
   * @param mayAsk returns whether it may go now; if not, it stays due
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

  /** Queries a new port, even while another router is querier: its hosts may have joined long ago. */
  greet(port: Port): void {
    this.#ask(port, undefined, GREETING_RESPONSE);
  }

  /**
   * Asks the port where a host left a group whether another host there is in it. Does so even while another router is
   * querier, because the hub's own memberships depend on the answer.
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
