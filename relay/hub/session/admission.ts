import { SourceCounter } from "../../arrivals/source.ts";
import type { HubLimits } from "../limits.ts";

/** Counts tunnels by source address, and refuses those above the limits. */
export class Admission {
  readonly #limits: HubLimits;
  readonly #connections: SourceCounter;
  readonly #strangers: SourceCounter;
  #allStrangers = 0;

  constructor(limits: HubLimits) {
    this.#limits = limits;
    this.#connections = new SourceCounter(limits.connectionsPerAddress);
    this.#strangers = new SourceCounter(limits.strangersPerAddress);
  }

  /** Counts one more tunnel, not welcomed yet. Returns false, without counting it, if there are too many. */
  enter(address: string): boolean {
    if (this.#allStrangers >= this.#limits.strangers) return false;
    if (this.#connections.isFull(address) || this.#strangers.isFull(address)) return false;
    this.#connections.add(address);
    this.#strangers.add(address);
    this.#allStrangers++;
    return true;
  }

  /** Moves a tunnel from the strangers to the welcomed. */
  welcome(address: string): void {
    this.#strangers.remove(address);
    this.#allStrangers--;
  }

  /** Stops counting a tunnel. @param welcomed whether {@link welcome} was called for it */
  leave(address: string, welcomed: boolean): void {
    this.#connections.remove(address);
    if (!welcomed) this.welcome(address);
  }
}
