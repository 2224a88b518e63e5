import type { UsedAddress } from "../../store/tables/used-address-table.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import type { NetworkHub } from "../network-hub.ts";

/** Ticks, a second long, between two looks at who uses which addresses: it is for what is given days later. */
const TICKS = 60;

/** What one tick may cost, in neighbours looked at: a few milliseconds. */
const TICK_COST = 16_384;

/** What a network costs besides its neighbours: the database is asked for each. */
const NETWORK_COST = 256;

/** Notes which machines use which addresses, so that no device is given them even when those machines are away. */
export class Sightings {
  readonly #tenants: Tenants;
  #ticks = 0;
  /** Networks that are still to be looked at. */
  #left: NetworkHub[] = [];

  constructor(tenants: Tenants) {
    this.#tenants = tenants;
  }

  /** Looks at some networks; to be called about once a second. */
  tick(networks: Iterable<NetworkHub>): void {
    this.#ticks++;
    if (this.#left.length === 0 && this.#ticks >= TICKS) {
      this.#ticks = 0;
      this.#left = [...networks];
    }
    let left = TICK_COST;
    while (left > 0) {
      const live = this.#left.pop();
      if (live === undefined) return;
      left -= NETWORK_COST + this.#note(live);
    }
  }

  /** @returns how many neighbours it looked at */
  #note(live: NetworkHub): number {
    // The session has gone meanwhile, and the network itself may have.
    if (live.empty) return 0;
    const { used, looked } = usedIn(live);
    this.#tenants.health.attempt("note addresses in use", () =>
      this.#tenants.addresses.noteUsed(live.network, used),
    );
    return looked;
  }
}

function usedIn({ policy, host }: NetworkHub): { readonly used: UsedAddress[]; readonly looked: number } {
  const used: UsedAddress[] = [];
  let looked = 0;
  if (host === undefined) return { used, looked };
  for (const { address, mac, port } of policy.suppressor?.entries() ?? []) {
    looked++;
    if (typeof address === "number" && port !== host) used.push({ address, mac });
  }
  return { used, looked };
}
