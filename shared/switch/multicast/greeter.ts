import type { Port } from "../port.ts";
import type { MulticastDomain } from "./domain.ts";
import { GREETED_PER_TICK } from "./timers.ts";
import type { VlanDomains } from "./vlan-domains.ts";

interface Greeting {
  /** The VLANs that the port is yet to be asked about. */
  left: Iterator<MulticastDomain>;
  /** Whether it is to be greeted once more, when this greeting is over. */
  again: boolean;
}

/**
 * Asks ports what their hosts are in: two queries for each VLAN. What moves makes the hub ask, and a member can have a MAC
 * address move as often as it likes, so a port is greeted once a second at most, and about {@link GREETED_PER_TICK} tagged
 * VLANs in each. What comes meanwhile makes one greeting more.
 */
export class Greeter {
  readonly #domains: VlanDomains;
  readonly #greetings = new Map<Port, Greeting>();

  constructor(domains: VlanDomains) {
    this.#domains = domains;
  }

  /** Greets a port now, or when its greeting that goes on is over. */
  greet(port: Port): void {
    const greeting = this.#greetings.get(port);
    if (greeting === undefined) this.#begin(port);
    else greeting.again = true;
  }

  /** Goes on with what was begun; to be called about once a second. */
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

  /** @returns whether it had been over before */
  #goOn(port: Port, { left }: Greeting): boolean {
    for (let i = 0; i < GREETED_PER_TICK; i++) {
      const { done, value } = left.next();
      if (done === true) return i === 0;
      value.greet(port);
    }
    return false;
  }
}
