import { formatIpv6, type IpAddress } from "../../shared/frame/address.ts";
import type { Network } from "../model/model.ts";
import type { Store } from "../store/store.ts";
import type { NamedMember } from "../store/tables/member-table.ts";
import { freeLabel, hostLabel } from "./label.ts";

/** The hub's own name in every network. */
export const HUB_LABEL = "hub";

/**
 * Names that no device may have: the hub's, and names that machines look up in their search domain for a host to send
 * all their traffic through (as in the query block list of Windows' DNS server).
 */
const RESERVED: ReadonlySet<string> = new Set([HUB_LABEL, "wpad", "isatap", "localhost"]);

/** Maximum number of devices that get labels at once; the others get theirs the next time. */
const NAMED_AT_ONCE = 256;

/** The DNS names of networks' devices: each keeps its label for as long as it is on the network. */
export class Names {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Gives labels to the devices of a network that have none yet, a limited number at a time. */
  complete({ id }: Pick<Network, "id">): void {
    const { members } = this.#store;
    const nameless = members.nameless(id, NAMED_AT_ONCE);
    if (nameless.length === 0) return;
    const labels = members.labels(id);
    let tried = 0;
    const isTaken = (label: string) => {
      tried++;
      return RESERVED.has(label) || labels.has(label);
    };
    /** The next number to try for a name, because thousands of devices may have the same. */
    const next = new Map<string, number>();
    this.#store.transaction(() => {
      for (const { device, name } of nameless) {
        const wanted = hostLabel(name);
        const from = next.get(wanted) ?? 1;
        tried = 0;
        const label = freeLabel(wanted, isTaken, from);
        next.set(wanted, from + tried);
        members.giveLabel(id, device, label);
        labels.add(label);
      }
    });
  }

  /** Works as {@link complete}, but if the store fails, new devices stay without a label for now. */
  tryComplete(network: Pick<Network, "id">): void {
    this.#store.health.attempt("name devices", () => this.complete(network));
  }

  /**
   * Returns a device by its label.
   *
   * @param label in lower case
   */
  find({ id }: Pick<Network, "id">, label: string): NamedMember | undefined {
    return this.#store.members.byLabel(id, label);
  }

  /** Returns the device that has this address. */
  at({ id }: Pick<Network, "id">, address: IpAddress): NamedMember | undefined {
    return typeof address === "number"
      ? this.#store.members.byAddress(id, address)
      : this.#store.members.byAddress6(id, formatIpv6(address));
  }
}
