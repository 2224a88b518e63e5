import type { Port } from "../port.ts";
import type { MulticastDomain } from "./domain.ts";
import { GREETED_PER_TICK } from "./timers.ts";
import type { VlanDomains } from "./vlan-domains.ts";

interface Greeting {
  /** The VLANs still to query at the port. */
  left: Iterator<MulticastDomain>;
  /** Whether to greet the port again after this greeting. */
  again: boolean;
}

/**
 * Queries the groups of ports: two queries for each VLAN. Moves of MAC addresses cause queries, and a machine can make an
 * address move at will. So a port is greeted once a second at most, with {@link GREETED_PER_TICK} tagged VLANs in each
 * second. All requests in the meantime make one more greeting.
 */
export class Greeter {
  readonly #domains: VlanDomains;
  readonly #greetings = new Map<Port, Greeting>();

  constructor(domains: VlanDomains) {
    this.#domains = domains;
  }

  /** Greets a port now, or after its current greeting. */
  greet(port: Port): void {
    const greeting = this.#greetings.get(port);
    if (greeting === undefined) this.#begin(port);
    else greeting.again = true;
  }

  /** Continues the greetings; to be called about once a second. */
  tick(): void {
    for (const [port, greeting] of this.#greetings) {
      if (!this.#goOn(port, greeting)) continue;
      if (greeting.again) this.#begin(port);
      else this.#greetings.delete(port);
    }
  }

  detach(port: Port): void {
    this.#greetings.delete(port);
  }

  #begin(port: Port): void {
    this.#domains.untagged.greet(port);
    const greeting = { left: this.#domains.tagged[Symbol.iterator](), again: false };
    this.#greetings.set(port, greeting);
    this.#goOn(port, greeting);
  }

  /** Sends the next queries of a greeting. @returns whether it was over before */
  #goOn(port: Port, { left }: Greeting): boolean {
    for (let i = 0; i < GREETED_PER_TICK; i++) {
      const { done, value } = left.next();
      if (done === true) return i === 0;
      value.greet(port);
    }
    return false;
  }
}
