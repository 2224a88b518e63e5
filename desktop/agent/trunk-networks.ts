import { Fault } from "../../shared/fault.ts";
import { UNTAGGED_VLAN } from "../../shared/frame/vlan.ts";
import type { NetworkOffer } from "../../shared/tunnel/control.ts";
import { type InterfaceOptions, openInterface } from "./interface.ts";
import { LocalNetwork } from "./local-network.ts";
import { VlanTrunk } from "./vlan-trunk.ts";

/** A VLAN of a trunk, and the network that it is. */
export interface TrunkMember {
  /** The id, or {@link UNTAGGED_VLAN} for the frames without a tag. */
  readonly vlan: number;
  readonly network: string;
}

export interface TrunkNetworksOptions {
  /** Each VLAN and each network once. */
  readonly members: readonly TrunkMember[];
  /** What there is to say of the interface; the trunk itself says the rest. */
  readonly link: Pick<InterfaceOptions, "name" | "offload" | "inform" | "signal">;
  /** The interface's MAC address, 48 bits, given the network that it is named after. */
  mac(offer: NetworkOffer): number;
  /** The interface's addresses in the network of the untagged frames, CIDRs. */
  addresses(offer: NetworkOffer): Pick<InterfaceOptions, "address" | "address6">;
  /** Told once for each VLAN of which frames are dropped; see {@link VlanTrunk}. */
  unmapped(vlan: number, tap: string): void;
}

/** The interface of a trunk, up, and what is on it. */
interface Interface {
  readonly trunk: VlanTrunk;
  readonly mac: number;
  /** CIDRs; absent without them. */
  readonly addresses: Pick<InterfaceOptions, "address" | "address6">;
}

/** The networks of one trunk: the first that is opened makes the interface, for all of them. */
export class TrunkNetworks {
  readonly #options: TrunkNetworksOptions;
  #interface: Promise<Interface> | undefined;
  readonly #opened = new Set<number>();

  constructor(options: TrunkNetworksOptions) {
    this.#options = options;
  }

  /**
   * Brings one of the networks up.
   *
   * @param offers of all of them
   * @param failed told when the interface is gone
   * @throws Fault those of {@link openInterface}, `network.changed` for one that was open before; the signal's reason
   */
  async open(
    offer: NetworkOffer,
    offers: readonly NetworkOffer[],
    failed: (error: Error) => void,
  ): Promise<LocalNetwork> {
    const vlan = this.#vlanOf(offer);
    if (this.#opened.has(vlan)) throw changed(offer);
    this.#opened.add(vlan);
    this.#interface ??= this.#openInterface(offers);
    const { trunk, mac, addresses } = await this.#interface;
    const { address, address6 }: typeof addresses = vlan === UNTAGGED_VLAN ? addresses : {};
    const overlay = { tap: trunk.view(vlan), mac, address, address6, vlan };
    return new LocalNetwork(offer, overlay, failed);
  }

  /** The VLANs of which frames were dropped because no network is mapped to them, with how many. */
  async droppedVlans(): Promise<(readonly [vlan: number, frames: number])[]> {
    const made = await this.#interface?.catch(() => undefined);
    return [...(made?.trunk.droppedVlans() ?? [])];
  }

  /** Takes the interface down, whichever networks are on it. */
  async close(): Promise<void> {
    const made = await this.#interface?.catch(() => undefined);
    await made?.trunk.close();
  }

  async #openInterface(offers: readonly NetworkOffer[]): Promise<Interface> {
    const { members, link, unmapped } = this.#options;
    const byVlan = offers.toSorted((one, other) => this.#vlanOf(one) - this.#vlanOf(other));
    const [first] = byVlan;
    if (first === undefined) throw new Error("a trunk without networks");
    // The untagged network is the first if there is one: the interface itself is in no other.
    const untagged = this.#vlanOf(first) === UNTAGGED_VLAN;
    const addresses = untagged ? this.#options.addresses(first) : {};
    const mac = this.#options.mac(first);
    // Tags come on top of the MTU (802.1Q, and Linux does it so), which has to suit every network.
    const mtu = Math.min(...offers.map((offer) => offer.mtu));
    const names = untagged ? first.dns : undefined;
    const tap = await openInterface({ ...link, ...addresses, mac, mtu, names, linkLocal: untagged });
    const trunk = new VlanTrunk({
      tap,
      vlans: members.map(({ vlan }) => vlan),
      unmapped: (vlan) => unmapped(vlan, tap.name),
    });
    return { trunk, mac, addresses };
  }

  #vlanOf(offer: NetworkOffer): number {
    const member = this.#options.members.find(({ network }) => network === offer.name);
    if (member === undefined) throw new Error(`the trunk has no network '${offer.name}'`);
    return member.vlan;
  }
}

/** The other networks are on the same interface, so it is not made anew under them. */
function changed({ name }: NetworkOffer): Fault {
  return new Fault({
    code: "network.changed",
    message: `network '${name}' has become another one, and the trunk's interface was made for what it was`,
    hint: "Run 'laneway up' again.",
  });
}
