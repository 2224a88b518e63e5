import { UNTAGGED_VLAN } from "../../../shared/frame/vlan.ts";
import type { NetworkOffer } from "../../../shared/protocol/control.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { keepNetworks } from "../interface/keep-network.ts";
import { InterfaceKeeper } from "../interface/keeper.ts";
import type { InterfaceOptions } from "../interface/open-interface.ts";
import type { TapDevice } from "../tap/device.ts";
import { VlanTrunk } from "../vlan/vlan-trunk.ts";
import { LocalNetwork } from "./local-network.ts";

/** A VLAN of a trunk, and its network. */
export interface TrunkMember {
  /** The VLAN ID, or {@link UNTAGGED_VLAN} for untagged frames. */
  readonly vlan: number;
  readonly network: string;
}

export interface TrunkNetworksOptions {
  /** Each VLAN and each network once. */
  readonly members: readonly TrunkMember[];
  /** Options of the interface; the trunk itself sets the others. */
  readonly link: Pick<InterfaceOptions, "name" | "offload" | "inform" | "signal">;
  /** Returns the interface's MAC address, 48 bits, from the network that it is named after. */
  mac(offer: NetworkOffer): number;
  /** Returns the interface's addresses in the untagged network, CIDRs. */
  addresses(offer: NetworkOffer): Pick<InterfaceOptions, "address" | "address6">;
  /** Called with the interface's addresses, CIDRs, right before they are set. */
  prepare(subnets: readonly string[]): Promise<void>;
  /** Called once for each VLAN whose frames are dropped; see {@link VlanTrunk}. */
  unmapped(vlan: number, tap: string): void;
}

/** A trunk's interface that is up, and what is on it. */
interface Interface {
  readonly keeper: InterfaceKeeper;
  trunk: VlanTrunk;
  readonly mac: number;
  /** CIDRs; absent if it has none. */
  readonly addresses: Pick<InterfaceOptions, "address" | "address6">;
}

/** The networks of one trunk: the first network that is opened creates the interface for all of them. */
export class TrunkNetworks {
  readonly #options: TrunkNetworksOptions;
  #interface: Promise<Interface> | undefined;
  readonly #opened = new Set<number>();
  /** Open networks by VLAN. */
  readonly #networks = new Map<number, LocalNetwork>();
  /** Dropped frames by VLAN, of trunks whose interface is gone. */
  readonly #dropped = new Map<number, number>();

  constructor(options: TrunkNetworksOptions) {
    this.#options = options;
  }

  /**
   * Brings up one of the networks.
   *
   * @param offers of all networks
   * @throws Fault those of {@link InterfaceKeeper.open}, `network.changed` for a network that was open before; the
   * signal's reason
   */
  async open(offer: NetworkOffer, offers: readonly NetworkOffer[]): Promise<LocalNetwork> {
    const vlan = this.#vlanOf(offer);
    if (this.#opened.has(vlan)) throw changed(offer);
    this.#opened.add(vlan);
    this.#interface ??= this.#openInterface(offers);
    const made = await this.#interface;
    const { keeper, trunk, mac, addresses } = made;
    const { address, address6 }: typeof addresses = vlan === UNTAGGED_VLAN ? addresses : {};
    const overlay = { tap: trunk.view(vlan), mac, address, address6, vlan };
    const network = new LocalNetwork(offer, overlay, () => keeper.check());
    this.#networks.set(vlan, network);
    network.interfaceFaults = () => keeper.faults;
    network.beforeClose(async () => {
      this.#networks.delete(vlan);
      // The device is closed with its last view.
      if (this.#networks.size === 0) await keeper.stop();
    });
    return network;
  }

  /** Returns the VLANs whose frames were dropped because no network is mapped to them, with the number of frames. */
  async droppedVlans(): Promise<(readonly [vlan: number, frames: number])[]> {
    const made = await this.#interface?.catch(() => undefined);
    if (made !== undefined) this.#count(made.trunk);
    return [...this.#dropped];
  }

  #count(trunk: VlanTrunk): void {
    for (const [vlan, frames] of trunk.droppedVlans()) {
      this.#dropped.set(vlan, (this.#dropped.get(vlan) ?? 0) + frames);
    }
  }

  /** Takes the interface down, even if networks are on it. */
  async close(): Promise<void> {
    const made = await this.#interface?.catch(() => undefined);
    await made?.keeper.stop();
    await made?.trunk.close();
  }

  async #openInterface(offers: readonly NetworkOffer[]): Promise<Interface> {
    const { link, prepare } = this.#options;
    const byVlan = offers.toSorted((one, other) => this.#vlanOf(one) - this.#vlanOf(other));
    const [first] = byVlan;
    if (first === undefined) throw new Error("a trunk without networks");
    // The untagged network comes first, because the interface itself is in no other.
    const untagged = this.#vlanOf(first) === UNTAGGED_VLAN;
    const addresses = untagged ? this.#options.addresses(first) : {};
    const mac = this.#options.mac(first);
    // Tags are added to the MTU (802.1Q, as Linux does), which must suit every network.
    const mtu = Math.min(...offers.map((offer) => offer.mtu));
    const names = untagged ? first.dns : undefined;
    await prepare([addresses.address, addresses.address6].filter((one) => one !== undefined));
    const keeper = await InterfaceKeeper.open({
      ...link,
      ...addresses,
      mac,
      mtu,
      names,
      linkLocal: untagged,
    });
    const made: Interface = { keeper, trunk: this.#trunkOn(keeper.tap), mac, addresses };
    keepNetworks(keeper, () => [...this.#networks.values()], {
      replaced: (tap) => {
        this.#count(made.trunk);
        made.trunk = this.#trunkOn(tap);
        for (const [vlan, network] of this.#networks) network.replaceTap(made.trunk.view(vlan));
      },
    });
    return made;
  }

  #trunkOn(tap: TapDevice): VlanTrunk {
    const { members, unmapped } = this.#options;
    return new VlanTrunk({
      tap,
      vlans: members.map(({ vlan }) => vlan),
      unmapped: (vlan) => unmapped(vlan, tap.name),
    });
  }

  #vlanOf(offer: NetworkOffer): number {
    const member = this.#options.members.find(({ network }) => network === offer.name);
    if (member === undefined) throw new Error(`the trunk has no network '${offer.name}'`);
    return member.vlan;
  }
}

/** Refuses a changed network: the others share its interface, so it can't be recreated. */
function changed({ name }: NetworkOffer): Fault {
  return new Fault({
    code: "network.changed",
    message: `network '${name}' was replaced, and the trunk's interface was made for the previous one`,
    hint: "Run 'laneway up' again.",
  });
}
