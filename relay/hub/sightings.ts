import type { Logger } from "pino";
import type { Tenants } from "../tenants/tenants.ts";
import type { UsedAddress } from "../tenants/used-address-table.ts";
import type { NetworkHub } from "./network-hub.ts";

/** Ticks, a second long, between two looks at who uses which addresses: it is for what is given days later. */
const TICKS = 60;

/** Has it noted who uses which addresses, so that nobody else is given them even when they are away. */
export class Sightings {
  readonly #tenants: Tenants;
  readonly #log: Logger;
  #ticks = 0;

  constructor(tenants: Tenants, log: Logger) {
    this.#tenants = tenants;
    this.#log = log;
  }

  /** To be called about once a second. */
  tick(networks: Iterable<NetworkHub>): void {
    this.#ticks = (this.#ticks + 1) % TICKS;
    if (this.#ticks !== 0) return;
    for (const live of networks) this.#note(live);
  }

  #note(live: NetworkHub): void {
    try {
      this.#tenants.addresses.noteUsed(live.network, usedIn(live));
    } catch (error) {
      this.#log.error({ err: error }, "who uses which addresses could not be noted");
    }
  }
}

function usedIn({ policy, host }: NetworkHub): UsedAddress[] {
  if (host === undefined) return [];
  return [...(policy.suppressor?.entries() ?? [])].flatMap(({ address, mac, port }) =>
    typeof address === "number" && port !== host ? { address, mac } : [],
  );
}
