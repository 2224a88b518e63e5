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
  suits({ vni, mtu, address }: NetworkOffer): boolean {
    const { vlan = UNTAGGED_VLAN } = this.overlay;
    if (vni !== this.offer.vni || mtu !== this.offer.mtu) return false;
    // Within a tag the addresses are not ours to set.
    return vlan !== UNTAGGED_VLAN || address === this.offer.address;
  }

  /** Lets frames pass between the TAP and this tunnel, until it ends. */
  connect(trunk: Trunk): void {
    trunk.join(this.#segment);
  }

  describe(): LocalNetworkStatus {
    const { tap, mac, address, vlan } = this.overlay;
    return {
      network: this.offer.name,
      vni: this.offer.vni,
      tap: tap.name,
      mac: formatMac(mac),
      address,
      vlan: vlan === UNTAGGED_VLAN ? "untagged" : vlan,
    };
  }

  /** This machine, as the hub is told of it: so that it is known before it says anything. */
  endpoint(): { mac: string; addresses: string[] } {
    const { mac, address } = this.overlay;
    return { mac: formatMac(mac), addresses: address === undefined ? [] : [address.split("/")[0] ?? ""] };
  }

  async close(): Promise<void> {
    clearInterval(this.#ticker);
    await this.overlay.tap.close();
  }
}
