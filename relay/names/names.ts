import { formatIpv6, type IpAddress } from "../../shared/frame/address.ts";
import type { NamedMember } from "../tenants/member-table.ts";
import type { Network } from "../tenants/model.ts";
import type { Store } from "../tenants/store.ts";
import { freeLabel, hostLabel } from "./label.ts";

/** What the hub itself is called in every network. */
export const HUB_LABEL = "hub";

/**
 * Names that no device can have: the hub's, and those by which machines look, in whatever domain they search, for
 * somebody whom they would send all their traffic through (as in the query block list of Windows' DNS server).
 */
const RESERVED: ReadonlySet<string> = new Set([HUB_LABEL, "wpad", "isatap", "localhost"]);

/** What the devices of networks are called in DNS: each keeps its label for as long as it is on the network. */
export class Names {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Gives a label to each device of a network that has none yet. */
  complete({ id }: Pick<Network, "id">): void {
    const { members } = this.#store;
    const nameless = members.nameless(id);
    if (nameless.length === 0) return;
    this.#store.transaction(() => {
      for (const { device, name } of nameless) {
        const isTaken = (label: string) => RESERVED.has(label) || members.hasLabel(id, label);
        members.giveLabel(id, device, freeLabel(hostLabel(name), isTaken));
      }
    });
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
