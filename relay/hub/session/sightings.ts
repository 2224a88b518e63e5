import type { UsedAddress } from "../../store/tables/used-address-table.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import type { NetworkHub } from "../network-hub.ts";

/** Ticks, each a second, between two looks at address use; the result matters only days later. */
const TICKS = 60;

/** Cost of one tick, in neighbours looked at: a few milliseconds. */
const TICK_COST = 16_384;

/** Cost of a network besides its neighbours, because each needs a database query. */
const NETWORK_COST = 256;

/** Notes which machines use which addresses, so that no device is given an address of a machine that is away. */
export class Sightings {
  readonly #tenants: Tenants;
  #ticks = 0;
  /** Networks still to be looked at. */
  #left: NetworkHub[] = [];

  constructor(tenants: Tenants) {
    this.#tenants = tenants;
  }

  /** Looks at some networks; call it about once a second. */
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

  /** Notes the addresses of one network. @returns how many neighbours it looked at */
  #note(live: NetworkHub): number {
    // The session may have gone meanwhile, and even the network.
    if (live.isEmpty) return 0;
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
