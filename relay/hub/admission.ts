import type { HubLimits } from "./limits.ts";

/** Counts connections by the address they come from, and says when one is too many. */
export class Admission {
  readonly #limits: HubLimits;
  readonly #connections = new Map<string, number>();
  readonly #strangers = new Map<string, number>();

  constructor(limits: HubLimits) {
    this.#limits = limits;
  }

  /** Counts one more connection, a stranger as yet. False where there are too many: it was not counted. */
  enter(address: string): boolean {
    const connections = this.#connections.get(address) ?? 0;
    const strangers = this.#strangers.get(address) ?? 0;
    if (connections >= this.#limits.connectionsPerAddress || strangers >= this.#limits.strangersPerAddress) {
      return false;
    }
    this.#connections.set(address, connections + 1);
    this.#strangers.set(address, strangers + 1);
    return true;
  }

  /** A connection has said who it is. */
  welcome(address: string): void {
    decrement(this.#strangers, address);
  }

  /** @param welcomed whether it had said who it is */
  leave(address: string, welcomed: boolean): void {
    decrement(this.#connections, address);
    if (!welcomed) decrement(this.#strangers, address);
  }
}

function decrement(counts: Map<string, number>, key: string): void {
  const count = (counts.get(key) ?? 0) - 1;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
