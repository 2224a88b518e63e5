import { networkInterfaces } from "node:os";
import { formatMac } from "../../../shared/frame/mac.ts";
import { UNTAGGED_VLAN } from "../../../shared/frame/vlan.ts";
import type { NetworkOffer } from "../../../shared/protocol/control.ts";
import { ENCAPSULATION_BYTES, encapsulate } from "../../../shared/protocol/record.ts";
import type { SegmentObserver } from "../../../shared/switch/observer.ts";
import { ObserverSet } from "../../../shared/switch/observer-set.ts";
import { MacTable } from "../../../shared/switch/places/mac-table.ts";
import type { Port } from "../../../shared/switch/port.ts";
import { Segment } from "../../../shared/switch/segment.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import type { Tunnel } from "../../../shared/tunnel/tunnel.ts";
import type { Problem } from "../../rpc/shapes.ts";
import { announcements } from "../interface/announcements.ts";
import type { InterfaceNews } from "../interface/news.ts";
import type { TapDevice } from "../tap/device.ts";
import type { JudgedInterface } from "../trust/interface.ts";
import { problemOf, type Refusal } from "../trust/refusal.ts";
import { KeptNotices } from "./kept-notices.ts";
import { recentInterfaces } from "./recent-interfaces.ts";
import { TapPort } from "./tap-port.ts";

/** Maximum addresses of one machine that the hub accepts (docs/protocol.md, `register`). */
const ENDPOINT_ADDRESSES = 16;

/** Maximum endpoints of one session that the hub accepts (docs/protocol.md, `register`). */
const ENDPOINTS = 256;

/** A TAP that is configured and ready for frames. */
export interface Overlay {
  /** Undefined if only virtual machines of this machine are on the network. */
  readonly tap: TapDevice | undefined;
  readonly mac: number;
  /** CIDR; undefined if the interface was given none. */
  readonly address: string | undefined;
  /** The same for IPv6, besides the link-local one. */
  readonly address6?: string | undefined;
  /** On a trunk: the network's VLAN ID, or {@link UNTAGGED_VLAN} for untagged frames. */
  readonly vlan?: number;
}

/** The addresses of an interface: CIDR. */
export interface LocalAddresses {
  readonly ipv4: readonly string[];
  /** Without the link-local one. */
  readonly ipv6: readonly string[];
  readonly linkLocal: string | undefined;
}

/** A network in `laneway up --json`. */
export interface LocalNetworkStatus {
  readonly network: string;
  readonly vni: number;
  /** The interface, which the networks of a trunk share; undefined without one. */
  readonly tap: string | undefined;
  readonly mac: string;
  readonly address: string | undefined;
  readonly address6: string | undefined;
  /** The network's name servers; undefined without them. */
  readonly dns: NetworkOffer["dns"];
  /** On a trunk: the VLAN ID, or `untagged`. */
  readonly vlan: number | "untagged" | undefined;
}

/**
 * One network on this machine: its segment of the VTEP, its TAP, and its tunnel, if connected. It outlives connections,
 * so that the machine keeps its interface while the relay is unreachable.
 */
export class LocalNetwork {
  readonly offer: NetworkOffer;
  #overlay: Overlay;
  #port: TapPort | undefined;
  /** The judgement of the relay's values for the interface. */
  given: Pick<JudgedInterface, "names" | "refusals">;
  /** Parts of the network's offer that were refused in the current connection. */
  refused: readonly Refusal[] = [];
  /** Returns the interface's faults that can't be repaired, and its overlaps. */
  interfaceFaults: () => readonly Problem[] = () => [];
  /** Called when the hub must be told of changed machines or addresses. */
  endpointsChanged: (() => void) | undefined;
  /** Called when a new interface with the relay's same values would get addresses that this one lacks. */
  outdated: (() => void) | undefined;
  /** Called with news of changes that other programs made to the interface. */
  interfaceNews: ((news: InterfaceNews) => void) | undefined;
  /** Whether its MAC address differs from the one that the network knows. */
  #hasMoved = false;
  #isConnected = false;
  /** Recent notices of the hub. */
  readonly notices = new KeptNotices();
  readonly #machines = new Map<Port, TapDevice>();
  /** Addresses of the virtual machines, as last reported. */
  #machineMacs: readonly number[] = [];
  #hasMachines = false;
  /** The interface's addresses, as last reported to the hub. */
  #toldAddresses = "";
  /** Whether a user or a program has added an address to the interface. */
  #hasChosen = false;
  readonly #closing: (() => Promise<void>)[] = [];
  readonly #segment: Segment;
  readonly #observers: ObserverSet;
  readonly #ticker: ReturnType<typeof setInterval>;
  readonly #failed: (error: Error) => void;

  /** @param failed called when the TAP is gone */
  constructor(offer: NetworkOffer, overlay: Overlay, failed: (error: Error) => void) {
    this.offer = offer;
    this.#overlay = overlay;
    this.#failed = failed;
    this.given = { names: offer.dns, refusals: [] };
    const table = new MacTable({ freezes: false });
    this.#segment = new Segment(offer.vni, () => performance.now() / 1_000, table);
    this.#observers = new ObserverSet(this.#segment, (_observer, error) => {
      throw error;
    });
    // First: where this throws, nothing is left that keeps the process alive.
    this.#port = overlay.tap && this.#attach(overlay.tap, failed);
    this.#ticker = setInterval(() => this.#tick(), 1_000);
  }

  /** This machine's own interface. */
  get overlay(): Overlay {
    return this.#overlay;
  }

  /** This machine's port in the segment, with its counters; undefined without an interface. */
  get port(): Port | undefined {
    return this.#port;
  }

  /** Replaces a lost TAP. The counters continue. */
  replaceTap(tap: TapDevice): void {
    const before = this.#port;
    // Drops the frames that it held back to join.
    before?.flush();
    if (before !== undefined) this.#segment.detach(before);
    const port = this.#attach(tap, this.#failed);
    if (before !== undefined) port.continueFrom(before);
    this.#port = port;
    this.#overlay = { ...this.#overlay, tap };
  }

  /** Changes the MAC address, 48 bits, and tells the hub and the network. */
  moveTo(mac: number): void {
    this.#overlay = { ...this.#overlay, mac };
    this.#hasMoved = true;
    this.endpointsChanged?.();
    this.announceMac();
  }

  /** Announces a changed MAC address to the members, which may know this machine's addresses by another. */
  announceMac(): void {
    if (!this.#hasMoved || !this.#isConnected) return;
    this.#hasMoved = false;
    const { ipv4, ipv6, linkLocal } = this.addresses();
    const cidrs = [...ipv4, ...ipv6, ...(linkLocal === undefined ? [] : [linkLocal])];
    const addresses = cidrs.slice(0, ENDPOINT_ADDRESSES).map((cidr) => cidr.split("/")[0] ?? "");
    for (const frame of announcements(this.#overlay.mac, addresses)) this.inject(frame);
  }

  /**
   * Attaches a virtual machine to the network until it is gone.
   *
   * @param device the virtual machine's, which is closed then
   */
  attachMachine(device: TapDevice, gone: (why: Error) => void): void {
    const port = this.#attach(device, (why) => {
      this.#machines.delete(port);
      this.#segment.detach(port);
      void device.close();
      this.#tellMachines();
      gone(why);
    });
    this.#machines.set(port, device);
    this.#hasMachines = true;
  }

  /** Registers a function that ends something with the network. */
  beforeClose(end: () => Promise<void>): void {
    this.#closing.push(end);
  }

  #attach(device: TapDevice, failed: (error: Error) => void): TapPort {
    const port = new TapPort(this.#segment, device, failed);
    this.#segment.attach(port);
    device.start(port);
    return port;
  }

  #tick(): void {
    this.#segment.tick();
    this.#tellMachines();
    this.#tellAddresses();
  }

  /** Reports the interface's addresses to the hub if they changed. Any program may have changed them. */
  #tellAddresses(): void {
    if (this.overlay.tap === undefined) return;
    const addresses = this.#ownAddresses(recentInterfaces()).join(" ");
    if (addresses === this.#toldAddresses) return;
    this.#toldAddresses = addresses;
    this.#hasChosen ||= addresses.split(" ").some((address) => this.#isChosen(address));
    this.endpointsChanged?.();
  }

  /** Reports the addresses behind the virtual machines' ports if they changed. */
  #tellMachines(): void {
    if (!this.#hasMachines) return;
    const macs: number[] = [];
    for (const { mac, port } of this.#segment.table.entries()) {
      if (port !== undefined && this.#machines.has(port)) macs.push(mac);
    }
    macs.sort((one, other) => one - other);
    const known = this.#machineMacs;
    if (macs.length === known.length && macs.every((mac, i) => mac === known[i])) return;
    this.#machineMacs = macs;
    this.endpointsChanged?.();
  }

  /** Returns whether the relay's new offer still fits this network. */
  suits(other: NetworkOffer): boolean {
    const { vlan = UNTAGGED_VLAN } = this.overlay;
    const { vni, mtu, address, address6, dns } = this.offer;
    if (vni !== other.vni || mtu !== other.mtu) return false;
    // The agent does not set addresses within a tag.
    if (vlan !== UNTAGGED_VLAN) return true;
    const sameNames = JSON.stringify(dns) === JSON.stringify(other.dns);
    return address === other.address && address6 === other.address6 && sameNames;
  }

  /** Connects the TAP to this tunnel until the tunnel ends. */
  connect(tunnel: Tunnel): void {
    this.#isConnected = true;
    tunnel.join(this.#segment);
  }

  /** Handles the end of the tunnel. */
  disconnected(): void {
    this.#isConnected = false;
  }

  describe(): LocalNetworkStatus {
    const { tap, mac, address, address6, vlan } = this.overlay;
    return {
      network: this.offer.name,
      vni: this.offer.vni,
      tap: tap?.name,
      mac: formatMac(mac),
      address,
      address6,
      dns: this.given.names && { servers: [...this.given.names.servers], domain: this.given.names.domain },
      vlan: vlan === UNTAGGED_VLAN ? "untagged" : vlan,
    };
  }

  /** The relay's values that this machine refused, the interface's problems, and recent notices of the hub. */
  get warnings(): Problem[] {
    const refused = [...this.refused, ...this.given.refusals].map(({ fault }) => problemOf(fault));
    return [...refused, ...this.interfaceFaults(), ...this.notices.problems];
  }

  /** Returns the interface's current addresses, from any source: CIDR. None on a tagged VLAN of a trunk. */
  addresses(): LocalAddresses {
    const { tap, address, vlan = UNTAGGED_VLAN } = this.overlay;
    const found = vlan === UNTAGGED_VLAN && tap !== undefined ? (networkInterfaces()[tap.name] ?? []) : [];
    const cidrs = (family: string) =>
      found.flatMap((one) => (one.family === family && one.cidr !== null ? [one.cidr] : []));
    const v6 = cidrs("IPv6");
    const given = address === undefined || address.includes(":") ? [] : [address];
    return {
      // The assigned address stays first.
      ipv4: [...new Set([...given, ...cidrs("IPv4")])],
      ipv6: v6.filter((one) => !one.startsWith("fe80:")),
      linkLocal: v6.find((one) => one.startsWith("fe80:")),
    };
  }

  /**
   * Whether the hub must be told the endpoints even unasked: other machines are or were behind this one, or the
   * interface got another address, which may be in use or the hub's.
   */
  get hasMachines(): boolean {
    return this.#hasMachines || this.#hasChosen;
  }

  #isChosen(address: string): boolean {
    const { overlay, offer } = this;
    if (offer.dns?.servers.includes(address) === true) return true;
    return address.includes(".") && address !== overlay.address?.split("/")[0];
  }

  /** Returns this machine and those behind it as `register` reports them, so that they are known before they send. */
  endpoints(): { mac: string; addresses: string[] }[] {
    const machines = this.#machineMacs.map((mac) => ({ mac: formatMac(mac), addresses: [] }));
    return (this.overlay.tap === undefined ? machines : [this.#endpoint(), ...machines]).slice(0, ENDPOINTS);
  }

  #endpoint(): { mac: string; addresses: string[] } {
    const addresses = this.#ownAddresses(networkInterfaces());
    this.#toldAddresses = addresses.join(" ");
    return { mac: formatMac(this.overlay.mac), addresses };
  }

  /**
   * Returns all addresses of the interface, including temporary and link-local ones: with bound sources nothing else
   * passes. Assigned ones come first, then those that others look up most.
   */
  #ownAddresses(interfaces: ReturnType<typeof networkInterfaces>): string[] {
    const { tap, address, address6, vlan = UNTAGGED_VLAN } = this.overlay;
    const given = [address, address6].flatMap((cidr) => cidr?.split("/")[0] ?? []);
    const found = vlan === UNTAGGED_VLAN && tap !== undefined ? interfaces[tap.name] : undefined;
    // The system lists an interface only while it is up; until then its future addresses are known.
    if (found === undefined) return given.slice(0, ENDPOINT_ADDRESSES);
    const has = found.map((one) => one.address);
    const rank = (text: string) =>
      given.includes(text) ? 0 : text.startsWith("fe80:") ? 1 : text.includes(":") ? 3 : 2;
    return has.sort((one, other) => rank(one) - rank(other)).slice(0, ENDPOINT_ADDRESSES);
  }

  /** Sends a frame, from destination address to payload without FCS, as if this machine's kernel had. */
  inject(frame: Uint8Array): void {
    if (this.port === undefined) return;
    const bytes = new Uint8Array(ENCAPSULATION_BYTES + frame.length);
    bytes.set(frame, ENCAPSULATION_BYTES);
    encapsulate(bytes, 0, bytes.length, this.offer.vni);
    this.#segment.forward(this.port, new Block(bytes), 0, ENCAPSULATION_BYTES, bytes.length);
    this.#segment.flush();
  }

  /**
   * Adds an observer of every frame.
   *
   * @returns a function that removes it
   */
  observe(observer: SegmentObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  async close(): Promise<void> {
    clearInterval(this.#ticker);
    for (const end of this.#closing) await end();
    for (const device of this.#machines.values()) await device.close();
    await this.overlay.tap?.close();
  }
}
