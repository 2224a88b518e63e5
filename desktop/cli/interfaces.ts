import type { NetworkOffer } from "../../shared/tunnel/control.ts";
import { deviceMac } from "../agent/identity.ts";
import { openInterface } from "../agent/interface.ts";
import { LocalNetwork } from "../agent/local-network.ts";
import { type TrunkMember, TrunkNetworks } from "../agent/trunk-networks.ts";
import { tellDropped, tellUnmapped } from "./dropped-vlans.ts";
import { forOneNetwork, isForOneNetwork } from "./up-checks.ts";

export interface InterfacesOptions {
  /** This device's id, which its MAC addresses come from. */
  readonly device: string;
  /** What tells networks of one name apart: relay and tenant, where there may be several. */
  readonly place: readonly string[];
  readonly tap?: string;
  readonly address?: string;
  readonly mac?: number;
  readonly trunk?: readonly TrunkMember[];
  readonly offload: boolean;
  readonly signal: AbortSignal;
}

/** The interfaces of the networks of one tunnel: one for each, or one for all where they are on a trunk. */
export class Interfaces {
  readonly #options: InterfacesOptions;
  readonly #trunk: TrunkNetworks | undefined;
  readonly #opened = new Set<string>();

  constructor(options: InterfacesOptions) {
    this.#options = options;
    const { trunk } = options;
    this.#trunk =
      trunk &&
      new TrunkNetworks({
        members: trunk,
        link: this.#link,
        mac: (offer) => this.#mac(offer),
        address: (offer) => this.#address(offer),
        unmapped: tellUnmapped(),
      });
  }

  /**
   * Brings one of the networks up.
   *
   * @param failed told when the interface is gone
   * @param offers of all of them
   * @throws Fault those of {@link openInterface}, `usage.networks`, `network.changed`; the signal's reason
   */
  async open(
    offer: NetworkOffer,
    failed: (error: Error) => void,
    offers: readonly NetworkOffer[],
  ): Promise<LocalNetwork> {
    if (this.#trunk !== undefined) return await this.#trunk.open(offer, offers, failed);
    // Only the relay knows how many networks there are where none was named.
    if (this.#opened.add(offer.name).size > 1 && isForOneNetwork(this.#options)) throw forOneNetwork();
    const mac = this.#mac(offer);
    const address = this.#address(offer);
    const tap = await openInterface({ ...this.#link, mac, mtu: offer.mtu, address });
    return new LocalNetwork(offer, { tap, mac, address }, failed);
  }

  /** Takes down what the networks share, and says what was dropped there. */
  async close(): Promise<void> {
    await this.#trunk?.close();
    tellDropped((await this.#trunk?.droppedVlans()) ?? []);
  }

  get #link() {
    const { tap, offload, signal } = this.#options;
    return { name: tap, offload, signal };
  }

  #mac({ name, vni }: NetworkOffer): number {
    const { mac, device, place } = this.#options;
    return mac ?? deviceMac(device, [name, vni, ...place].join("\n"));
  }

  #address(offer: NetworkOffer): string | undefined {
    const { address } = this.#options;
    return address === "none" ? undefined : (address ?? offer.address);
  }
}
