import { formatMac } from "../../shared/frame/mac.ts";
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
    this.#segment = new Segment(offer.vni, () => performance.now() / 1_000);
    const port = new TapPort(this.#segment, overlay.tap, failed);
    this.#segment.attach(port);
    this.#ticker = setInterval(() => this.#segment.tick(), 1_000);
    overlay.tap.start(port);
  }

  /** Lets frames pass between the TAP and this tunnel, until it ends. */
  connect(trunk: Trunk): void {
    trunk.join(this.#segment);
  }

  /** What there is to tell of it, as `laneway up --json` does. */
  describe(): { network: string; vni: number; tap: string; mac: string; address: string | undefined } {
    const { tap, mac, address } = this.overlay;
    return {
      network: this.offer.name,
      vni: this.offer.vni,
      tap: tap.name,
      mac: formatMac(mac),
      address,
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#ticker);
    await this.overlay.tap.close();
  }
}
