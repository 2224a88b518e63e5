import type { NetworkOffer } from "../../shared/tunnel/control.ts";
import { deviceMac } from "../agent/identity.ts";
import { openInterface } from "../agent/interface.ts";
import { hasIpv6 } from "../agent/link.ts";
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
  /** Told what people should know, and nobody has to. */
  readonly inform: (message: string) => void;
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
        addresses: (offer) => this.#addresses(offer),
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
    const { mtu, dns: names } = offer;
    const addresses = this.#addresses(offer);
    const tap = await openInterface({ ...this.#link, ...addresses, mac, mtu, names });
    return new LocalNetwork(offer, { tap, mac, ...addresses }, failed);
  }

  /** Takes down what the networks share, and says what was dropped there. */
  async close(): Promise<void> {
    await this.#trunk?.close();
    tellDropped((await this.#trunk?.droppedVlans()) ?? []);
  }

  get #link() {
    const { tap, offload, inform, signal } = this.#options;
    return { name: tap, offload, inform, signal };
  }

  #mac({ name, vni }: NetworkOffer): number {
    const { mac, device, place } = this.#options;
    return mac ?? deviceMac(device, [name, vni, ...place].join("\n"));
  }

  /** What the network gives, or in its place what was asked for and nothing else. */
  #addresses({ address, address6, mtu }: NetworkOffer) {
    const own = this.#options.address;
    if (own !== undefined) return { address: own === "none" ? undefined : own, address6: undefined };
    return { address, address6: hasIpv6(mtu) ? address6 : undefined };
  }
}
