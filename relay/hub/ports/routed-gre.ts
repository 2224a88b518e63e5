import type { Gre } from "../../../shared/frame/encapsulation/gre.ts";
import { ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../../../shared/frame/ethernet.ts";
import { clampMss, findMss } from "../../../shared/frame/ip/tcp-mss.ts";
import { completeChecksum } from "../../../shared/offload/complete-checksum.ts";
import { Containment, type ReportContained } from "../../../shared/switch/containment.ts";
import { DropCounter } from "../../../shared/switch/drops.ts";
import type { Meter } from "../../../shared/switch/port.ts";
import { flowHash } from "../../../shared/tunnel/flow.ts";
import type { Remote, UnderlaySocket } from "../../underlay/underlay.ts";
import type { Router, RouterLink } from "../router/router.ts";
import { GreFraming, type GreOptions, type GreTunnel } from "./gre-framing.ts";
import { DEFAULT_MTU, PORT_LIMITS } from "./limits.ts";

export interface RoutedGreOptions extends GreOptions {
  readonly id: string;
  readonly router: Router;
  readonly socket: UnderlaySocket;
  readonly remote: Remote;
  /** MTU of the underlay, if configured. */
  readonly mtu: number | undefined;
  readonly clampMss: boolean;
  /** VNI of the network that it leads out of. */
  readonly vni: number;
  /** Receives errors that cost a packet. */
  readonly report?: ReportContained | undefined;
  /** Monotonic seconds. */
  readonly clock: () => number;
}

/** IP over GRE to one remote, and through it to the subnets there (RFC 2784): a link of the network's router. */
export class RoutedGre implements RouterLink, GreTunnel {
  readonly id: string;
  readonly remote: string;
  readonly key: number | undefined;
  readonly drops = new DropCounter();
  readonly cut = false;
  meter: Meter | undefined;
  rxFrames = 0;
  rxBytes = 0;
  txFrames = 0;
  txBytes = 0;
  readonly #options: RoutedGreOptions;
  readonly #framing: GreFraming;
  readonly #containment: Containment;
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  #mtu: number;
  #outstanding = 0;
  #asking = false;
  #closed = false;
  readonly #sent = (error: Error | null) => {
    this.#outstanding--;
    try {
      if (error !== null) this.#refused((error as NodeJS.ErrnoException).code);
    } catch (thrown) {
      this.#containment.caught(thrown);
    }
  };

  constructor(options: RoutedGreOptions) {
    this.#options = options;
    this.#framing = new GreFraming(options);
    this.id = options.id;
    const { id: at, vni, report, clock } = options;
    this.#containment = new Containment({ at, vni, drops: this.drops, report, clock });
    this.remote = options.remote.address;
    this.key = options.key;
    this.#mtu = this.#fitting(options.mtu ?? DEFAULT_MTU);
  }

  get mtu(): number {
    return this.#mtu;
  }

  /** Maximum size, named as for other ports, but of a packet, because this port carries no frames. */
  get frameBytes(): number {
    return this.#mtu;
  }

  transmit(frame: Uint8Array): void {
    const { socket, remote, clampMss } = this.#options;
    if (this.#closed) return;
    if (this.#outstanding > PORT_LIMITS.outstanding && socket.queued > PORT_LIMITS.queuedBytes) {
      return this.drops.count("queue-full");
    }
    if (clampMss) this.#clamp(frame);
    const packet = frame.subarray(ETHERNET_HEADER_BYTES);
    const protocol = (packet[0] ?? 0) >>> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
    const header = this.#framing.header(protocol, packet, 0, packet.length);
    this.txFrames++;
    this.txBytes += packet.length;
    this.#outstanding++;
    socket.send(remote, header, packet, flowHash(frame, 0, frame.length, this.#seed), this.#sent);
  }

  /** Receives a packet from the remote. Never throws. */
  receivePacket(bytes: Uint8Array, gre: Gre): void {
    if (this.#closed) return;
    try {
      this.#receive(bytes, gre);
    } catch (error) {
      this.#containment.caught(error);
    }
  }

  #receive(bytes: Uint8Array, gre: Gre): void {
    this.rxFrames++;
    this.rxBytes += gre.end - gre.payload;
    const version = (bytes[gre.payload] ?? 0) >>> 4;
    const expected = gre.protocol === ETHERTYPE_IPV4 ? 4 : gre.protocol === ETHERTYPE_IPV6 ? 6 : 0;
    if (gre.payload >= gre.end || version !== expected) return this.drops.count("malformed");
    if (!this.#framing.inOrder(gre)) return this.drops.count("out-of-order");
    const refused = this.meter?.take(bytes, gre.payload, gre.payload, gre.end);
    if (refused !== undefined) return this.drops.count(refused);
    this.#options.router.fromLink(this, bytes, gre.payload, gre.end);
  }

  /** Clamps the MSS of segments from the remote too, because the SYN from there also announces it. */
  #clamp(frame: Uint8Array): void {
    const mss = findMss(frame, 0, frame.length);
    if (mss < 0) return;
    completeChecksum(frame, 0, frame.length);
    clampMss(frame, 0, frame.length, mss, ETHERNET_HEADER_BYTES + this.#mtu);
  }

  /** Asks the system for the path MTU to the remote. */
  async findMtu(): Promise<void> {
    const { socket, remote, mtu } = this.#options;
    if (mtu !== undefined || this.#asking) return;
    this.#asking = true;
    try {
      this.#mtu = this.#fitting((await socket.mtuTo(remote)) ?? DEFAULT_MTU);
    } finally {
      this.#asking = false;
    }
  }

  /** Stops sending and receiving. */
  close(): void {
    this.#closed = true;
  }

  #fitting(mtu: number): number {
    // A loopback's 65,536 is more than an IP packet can have.
    return Math.min(mtu, 65_535) - this.#options.socket.overhead - this.#framing.bytes;
  }

  #refused(code: string | undefined): void {
    if (code !== "EMSGSIZE") return this.drops.count(code === "EAGAIN" ? "queue-full" : "underlay-refused");
    // A router on the path reported a smaller MTU: the next packet's sender is told.
    this.drops.count("too-big");
    if (!this.#closed) this.findMtu().catch(() => {});
  }
}
