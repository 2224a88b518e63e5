import { written } from "../../../shared/frame/bytes.ts";
import { decodeGre, type Gre } from "../../../shared/frame/encapsulation/gre.ts";
import { NVGRE_HEADER_BYTES, vsidOf, writeNvgre } from "../../../shared/frame/encapsulation/nvgre.ts";
import { ETHERTYPE_TEB } from "../../../shared/frame/ethernet.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";
import { countTags, NO_TAG, readVlan, stripVlan } from "../../../shared/frame/vlan.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { TunnelEndpoint } from "./endpoint.ts";
import { GreFraming, type GreOptions, type GreTunnel } from "./gre-framing.ts";
import { UnderlayPort, type UnderlayPortOptions } from "./underlay-port.ts";

export interface GrePortOptions extends Omit<UnderlayPortOptions, "headerBytes">, GreOptions {
  readonly remote: string;
}

/** Ethernet over GRE to one remote (RFC 2784, RFC 2890; protocol type 0x6558). */
export class GrePort extends UnderlayPort implements GreTunnel {
  readonly remote: string;
  readonly key: number | undefined;
  readonly #framing: GreFraming;

  constructor(options: GrePortOptions) {
    const framing = new GreFraming(options);
    super({ ...options, headerBytes: framing.bytes });
    this.#framing = framing;
    this.remote = options.remote;
    this.key = options.key;
  }

  protected override header(bytes: Uint8Array, frame: number, end: number): Uint8Array {
    return this.#framing.header(ETHERTYPE_TEB, bytes, frame, end);
  }

  receivePacket(bytes: Uint8Array, gre: Gre, source: string): void {
    if (gre.protocol !== ETHERTYPE_TEB) return this.drops.count("malformed");
    if (!this.#framing.inOrder(gre)) return this.drops.count("out-of-order");
    this.receive(bytes, gre.payload, gre.end, source);
  }
}

export interface NvgrePortOptions extends Omit<UnderlayPortOptions, "headerBytes"> {
  readonly vsid: number;
}

/** A segment as a virtual subnet of NVGRE: RFC 7637. */
export class NvgrePort extends UnderlayPort {
  readonly vsid: number;
  /** Headers by FlowID. */
  readonly #headers: readonly Uint8Array[];

  constructor(options: NvgrePortOptions) {
    super({ ...options, headerBytes: NVGRE_HEADER_BYTES });
    this.vsid = options.vsid;
    this.#headers = Array.from({ length: 256 }, (_, flowId) => {
      const header = new Uint8Array(NVGRE_HEADER_BYTES);
      written(writeNvgre(header, 0, options.vsid, flowId));
      return header;
    });
  }

  protected override header(_bytes: Uint8Array, _frame: number, _end: number, flow: number): Uint8Array {
    return this.#headers[flow >>> 24] as Uint8Array;
  }

  /** Returns the frame without its tag, which is not carried (RFC 7637 section 3.2). */
  protected override carried(bytes: Uint8Array, frame: number, end: number): Uint8Array {
    const tags = countTags(bytes, frame, end);
    if (tags <= 0) return bytes.subarray(frame, end);
    const copy = bytes.slice(frame, end);
    return copy.subarray(stripVlan(copy, 0, tags));
  }

  /** Receives a packet with this port's VSID. */
  receivePacket(bytes: Uint8Array, gre: Gre, source: string): void {
    const { protocol, checksummed, sequence, payload, end } = gre;
    if (protocol !== ETHERTYPE_TEB || checksummed || sequence !== undefined)
      return this.drops.count("malformed");
    if (readVlan(bytes, payload, end) !== NO_TAG) return this.drops.count("tagged");
    this.receive(bytes, payload, end, source);
  }
}

/** The ports on one GRE socket: GRE tunnels selected by remote and key, virtual subnets by VSID. */
export class GreEndpoint extends TunnelEndpoint<GreTunnel | NvgrePort> {
  /** Tunnels by remote, then key. */
  readonly #tunnels = new Map<string, Map<number | undefined, GreTunnel>>();
  readonly #subnets = new Map<number, NvgrePort>();

  override attach(port: GreTunnel | NvgrePort): void {
    if (port instanceof NvgrePort) {
      if (this.#subnets.has(port.vsid)) throw taken(`has VSID ${port.vsid} on this address`, "--vsid");
      this.#subnets.set(port.vsid, port);
      return;
    }
    const keys = this.#tunnels.get(port.remote) ?? new Map<number | undefined, GreTunnel>();
    if (keys.has(port.key)) {
      const key = port.key === undefined ? "no key" : `key ${port.key}`;
      throw taken(`goes to ${port.remote} with ${key} from this address`, "--key");
    }
    this.#tunnels.set(port.remote, keys.set(port.key, port));
  }

  override detach(port: GreTunnel | NvgrePort): void {
    if (port instanceof NvgrePort) {
      if (this.#subnets.get(port.vsid) === port) this.#subnets.delete(port.vsid);
      return;
    }
    const keys = this.#tunnels.get(port.remote);
    if (keys?.get(port.key) !== port) return;
    keys.delete(port.key);
    if (keys.size === 0) this.#tunnels.delete(port.remote);
  }

  override received(bytes: Uint8Array, start: number, end: number, source: string): void {
    const gre = decodeGre(bytes, start, end);
    if (gre instanceof Malformed) return this.drops.count("malformed");
    const tunnels = this.#tunnels.get(source);
    const port =
      tunnels?.get(gre.key) ?? (gre.key === undefined ? undefined : this.#subnets.get(vsidOf(gre.key)));
    if (port !== undefined) port.receivePacket(bytes, gre, source);
    else
      this.drops.count(tunnels === undefined && this.#subnets.size === 0 ? "unknown-remote" : "not-joined");
  }
}

function taken(what: string, option: string): Fault {
  return new Fault({
    code: "port.taken",
    message: `another port ${what}`,
    hint: `Name another with ${option}, or another address with --listen.`,
  });
}
