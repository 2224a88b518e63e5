import { formatIpv6, type IpAddress } from "../../shared/frame/address.ts";
import type { Network } from "../model/model.ts";
import type { Store } from "../store/store.ts";
import type { NamedMember } from "../store/tables/member-table.ts";
import { freeLabel, hostLabel } from "./label.ts";

/** What the hub itself is called in every network. */
export const HUB_LABEL = "hub";

/**
 * Names that no device can have: the hub's, and those by which machines look, in whatever domain they search, for
 * somebody whom they would send all their traffic through (as in the query block list of Windows' DNS server).
 */
const RESERVED: ReadonlySet<string> = new Set([HUB_LABEL, "wpad", "isatap", "localhost"]);

/** Devices that are given labels at once: the others have theirs the next time. */
const NAMED_AT_ONCE = 256;

/** What the devices of networks are called in DNS: each keeps its label for as long as it is on the network. */
export class Names {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Gives labels to devices of a network that have none yet: to each, unless they are very many. */
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
    /** Where to go on for the next device of the same name: thousands may have it. */
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

  /** Does as {@link complete}; where the store fails, devices without a label have none for now. */
  tryComplete(network: Pick<Network, "id">): void {
    this.#store.health.attempt("name devices", () => this.complete(network));
  }

  /** @param label in lower case */
  find({ id }: Pick<Network, "id">, label: string): NamedMember | undefined {
    return this.#store.members.byLabel(id, label);
  }

  /** Whose address this is. */
  at({ id }: Pick<Network, "id">, address: IpAddress): NamedMember | undefined {
    return typeof address === "number"
      ? this.#store.members.byAddress(id, address)
      : this.#store.members.byAddress6(id, formatIpv6(address));
  }
}
