import { written } from "../../../shared/frame/bytes.ts";
import {
  decodeVxlan,
  decodeVxlanGpe,
  type GroupPolicy,
  readGroupPolicy,
  VXLAN_HEADER_BYTES,
  writeGroupPolicy,
  writeVxlan,
  writeVxlanGpe,
} from "../../../shared/frame/encapsulation/vxlan.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { TunnelEndpoint } from "./endpoint.ts";
import { UnderlayPort, type UnderlayPortOptions } from "./underlay-port.ts";

/**
 * The group policy of the frame being switched. Records have no room for it and clients no use. It passes between ports
 * of one relay within a single call.
 */
export interface PolicyAtHand {
  current: GroupPolicy | undefined;
}

export interface VxlanPortOptions extends Omit<UnderlayPortOptions, "headerBytes"> {
  readonly wireVni: number;
  /** Whether group-based policy is read and passed on. */
  readonly gbp: boolean;
  readonly gpe: boolean;
  readonly policy: PolicyAtHand;
}

/** A segment's VTEP on the underlay: RFC 7348. */
export class VxlanPort extends UnderlayPort {
  /** VNI on the underlay, which may differ from the network's. */
  readonly wireVni: number;
  readonly #gbp: boolean;
  readonly #policy: PolicyAtHand;
  readonly #header = new Uint8Array(VXLAN_HEADER_BYTES);

  constructor(options: VxlanPortOptions) {
    super({ ...options, headerBytes: VXLAN_HEADER_BYTES });
    this.wireVni = options.wireVni;
    this.#gbp = options.gbp;
    this.#policy = options.policy;
    const write = options.gpe ? writeVxlanGpe : writeVxlan;
    written(write(this.#header, 0, options.wireVni));
  }

  protected override header(): Uint8Array {
    const policy = this.#gbp ? this.#policy.current : undefined;
    if (policy === undefined) return this.#header;
    const header = this.#header.slice();
    writeGroupPolicy(header, 0, policy);
    return header;
  }

  /** Receives a packet whose header, at `start`, has this port's VNI. */
  receivePacket(bytes: Uint8Array, start: number, end: number, source: string): void {
    const frame = start + VXLAN_HEADER_BYTES;
    const policy = this.#gbp ? readGroupPolicy(bytes, start) : undefined;
    if (policy === undefined) return this.receive(bytes, frame, end, source);
    this.#policy.current = policy;
    try {
      this.receive(bytes, frame, end, source, !policy.dontLearn);
    } finally {
      this.#policy.current = undefined;
    }
  }
}

/** The ports on one UDP socket, selected by the VNI on the wire. */
export class VxlanEndpoint extends TunnelEndpoint<VxlanPort> {
  readonly #decode: typeof decodeVxlan;
  readonly #ports = new Map<number, VxlanPort>();

  constructor(gpe: boolean) {
    super();
    this.#decode = gpe ? decodeVxlanGpe : decodeVxlan;
  }

  override attach(port: VxlanPort): void {
    if (this.#ports.has(port.wireVni)) {
      throw new Fault({
        code: "port.taken",
        message: `another port has VNI ${port.wireVni} on this address and UDP port`,
        hint: "Name another VNI with --wire-vni, or another address or port with --listen.",
      });
    }
    this.#ports.set(port.wireVni, port);
  }

  override detach(port: VxlanPort): void {
    if (this.#ports.get(port.wireVni) === port) this.#ports.delete(port.wireVni);
  }

  override received(bytes: Uint8Array, start: number, end: number, source: string): void {
    const packet = this.#decode(bytes, start, end);
    if (packet instanceof Malformed) {
      return this.drops.count(packet.reason === "no-vni" ? "no-vni-flag" : "malformed");
    }
    const port = this.#ports.get(packet.vni);
    if (port === undefined) return this.drops.count("not-joined");
    port.receivePacket(bytes, start, end, source);
  }
}
