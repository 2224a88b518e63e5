import { formatMac } from "../../shared/frame/mac.ts";
import { UNTAGGED_VLAN } from "../../shared/frame/vlan.ts";
import { MacTable } from "../../shared/switch/mac-table.ts";
import { Segment } from "../../shared/switch/segment.ts";
import type { Trunk } from "../../shared/switch/trunk.ts";
import type { NetworkOffer } from "../../shared/tunnel/control.ts";
import type { TapDevice } from "./tap/device.ts";
import { TapPort } from "./tap-port.ts";

/** A TAP that is set up and ready for frames. */
export interface Overlay {
  readonly tap: TapDevice;
  readonly mac: number;
  /** CIDR; undefined where the interface was given none. */
  readonly address: string | undefined;
  /** The same of IPv6, besides the link-local one. */
  readonly address6?: string | undefined;
  /** On a trunk: the VLAN that is this network there, {@link UNTAGGED_VLAN} for the frames without a tag. */
  readonly vlan?: number;
}

/** What `laneway up --json` tells of a network. */
export interface LocalNetworkStatus {
  readonly network: string;
  readonly vni: number;
  /** The interface, which the networks of a trunk share. */
  readonly tap: string;
  readonly mac: string;
  readonly address: string | undefined;
  readonly address6: string | undefined;
  /** Who knows the names in the network; undefined where there are none. */
  readonly dns: NetworkOffer["dns"];
  /** On a trunk: the VLAN id, or `untagged`. */
  readonly vlan: number | "untagged" | undefined;
}

/**
 * One network on this machine: its segment of the VTEP, the TAP in it, and, while there is one, the tunnel.
 * It outlives connections, so that the machine keeps its interface while the relay is away.
 */
export class LocalNetwork {
  readonly offer: NetworkOffer;
  readonly overlay: Overlay;
  readonly #segment: Segment;
  readonly #ticker: ReturnType<typeof setInterval>;

  /** @param failed told when the TAP is gone */
  constructor(offer: NetworkOffer, overlay: Overlay, failed: (error: Error) => void) {
    this.offer = offer;
    this.overlay = overlay;
    const table = new MacTable({ freezes: false });
    this.#segment = new Segment(offer.vni, () => performance.now() / 1_000, table);
    const port = new TapPort(this.#segment, overlay.tap, failed);
    this.#segment.attach(port);
    // First: where this throws, nothing is left that keeps the process alive.
    overlay.tap.start(port);
    this.#ticker = setInterval(() => this.#segment.tick(), 1_000);
  }

  /** Whether what the relay offers now is what this was made of. */
  suits(other: NetworkOffer): boolean {
    const { vlan = UNTAGGED_VLAN } = this.overlay;
    const { vni, mtu, address, address6, dns } = this.offer;
    if (vni !== other.vni || mtu !== other.mtu) return false;
    // Within a tag the addresses are not ours to set.
    if (vlan !== UNTAGGED_VLAN) return true;
    const sameNames = JSON.stringify(dns) === JSON.stringify(other.dns);
    return address === other.address && address6 === other.address6 && sameNames;
  }

  /** Lets frames pass between the TAP and this tunnel, until it ends. */
  connect(trunk: Trunk): void {
    trunk.join(this.#segment);
  }

  describe(): LocalNetworkStatus {
    const { tap, mac, address, address6, vlan } = this.overlay;
    return {
      network: this.offer.name,
      vni: this.offer.vni,
      tap: tap.name,
      mac: formatMac(mac),
      address,
      address6,
      dns: this.offer.dns,
      vlan: vlan === UNTAGGED_VLAN ? "untagged" : vlan,
    };
  }

  /** This machine, as the hub is told of it: so that it is known before it says anything. */
  endpoint(): { mac: string; addresses: string[] } {
    const { mac, address, address6 } = this.overlay;
    const addresses = [address, address6].flatMap((cidr) => cidr?.split("/")[0] ?? []);
    return { mac: formatMac(mac), addresses };
  }

  async close(): Promise<void> {
    clearInterval(this.#ticker);
    await this.overlay.tap.close();
  }
}
