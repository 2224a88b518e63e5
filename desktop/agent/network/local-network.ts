import { networkInterfaces } from "node:os";
import { formatMac } from "../../../shared/frame/mac.ts";
import { UNTAGGED_VLAN } from "../../../shared/frame/vlan.ts";
import type { NetworkOffer } from "../../../shared/protocol/control.ts";
import { ENCAPSULATION_BYTES, encapsulate } from "../../../shared/protocol/record.ts";
import { MacTable } from "../../../shared/switch/mac-table.ts";
import type { SegmentObserver } from "../../../shared/switch/observer.ts";
import { ObserverSet } from "../../../shared/switch/observer-set.ts";
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

/** Addresses that the hub takes of one machine, at most (docs/protocol.md, `register`). */
const ENDPOINT_ADDRESSES = 16;

/** Endpoints that the hub takes of one session, at most (docs/protocol.md, `register`). */
const ENDPOINTS = 256;

/** A TAP that is set up and ready for frames. */
export interface Overlay {
  /** Undefined where this machine itself is not on the network, only virtual ones of its. */
  readonly tap: TapDevice | undefined;
  readonly mac: number;
  /** CIDR; undefined where the interface was given none. */
  readonly address: string | undefined;
  /** The same of IPv6, besides the link-local one. */
  readonly address6?: string | undefined;
  /** On a trunk: the VLAN that is this network there, {@link UNTAGGED_VLAN} for the frames without a tag. */
  readonly vlan?: number;
}

/** The addresses of an interface: CIDR. */
export interface LocalAddresses {
  readonly ipv4: readonly string[];
  /** But for the link-local one. */
  readonly ipv6: readonly string[];
  readonly linkLocal: string | undefined;
}

/** What `laneway up --json` tells of a network. */
export interface LocalNetworkStatus {
  readonly network: string;
  readonly vni: number;
  /** The interface, which the networks of a trunk share; undefined where there is none. */
  readonly tap: string | undefined;
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
  #overlay: Overlay;
  #port: TapPort | undefined;
  /** What came of the relay's values for the interface. */
  given: Pick<JudgedInterface, "names" | "refusals">;
  /** What the connection at hand was refused of the network's offer. */
  refused: readonly Refusal[] = [];
  /** What can't be put back at the interface, and what of it overlaps. */
  interfaceFaults: () => readonly Problem[] = () => [];
  /** Told when the hub is to hear of other machines or addresses than before. */
  endpointsChanged: (() => void) | undefined;
  /** Told when another interface, made by the same values of the relay, would have addresses that this one has not. */
  outdated: (() => void) | undefined;
  /** Told what became of changes to the interface that something else made. */
  interfaceNews: ((news: InterfaceNews) => void) | undefined;
  /** Its MAC address is another than the network has heard of. */
  #hasMoved = false;
  #isConnected = false;
  /** What the hub noticed lately. */
  readonly notices = new KeptNotices();
  readonly #machines = new Map<Port, TapDevice>();
  /** Their addresses, as last told. */
  #machineMacs: readonly number[] = [];
  #hasMachines = false;
  /** The interface's addresses, as the hub was told of them last. */
  #toldAddresses = "";
  /** Whether a user or a program gave the interface an address since it was made. */
  #hasChosen = false;
  readonly #closing: (() => Promise<void>)[] = [];
  readonly #segment: Segment;
  readonly #observers: ObserverSet;
  readonly #ticker: ReturnType<typeof setInterval>;
  readonly #failed: (error: Error) => void;

  /** @param failed told when the TAP is gone */
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

  /** This machine's own place in the segment, with its counters; undefined where it has none. */
  get port(): Port | undefined {
    return this.#port;
  }

  /** Puts another device in the place of its TAP, which is gone. Counters go on. */
  replaceTap(tap: TapDevice): void {
    const before = this.#port;
    // What it kept back for others to go with is dropped there.
    before?.flush();
    if (before !== undefined) this.#segment.detach(before);
    const port = this.#attach(tap, this.#failed);
    if (before !== undefined) port.continueFrom(before);
    this.#port = port;
    this.#overlay = { ...this.#overlay, tap };
  }

  /** Has another MAC address from now on, 48 bits, and tells the hub and the network of it. */
  moveTo(mac: number): void {
    this.#overlay = { ...this.#overlay, mac };
    this.#hasMoved = true;
    this.endpointsChanged?.();
    this.announceMac();
  }

  /** Tells the others where this machine's addresses are, if that is news: they may have another MAC address for them. */
  announceMac(): void {
    if (!this.#hasMoved || !this.#isConnected) return;
    this.#hasMoved = false;
    const { ipv4, ipv6, linkLocal } = this.addresses();
    const cidrs = [...ipv4, ...ipv6, ...(linkLocal === undefined ? [] : [linkLocal])];
    const addresses = cidrs.slice(0, ENDPOINT_ADDRESSES).map((cidr) => cidr.split("/")[0] ?? "");
    for (const frame of announcements(this.#overlay.mac, addresses)) this.inject(frame);
  }

  /**
   * Has a virtual machine be on the network, until it is gone.
   *
   * @param device its, which is closed then
   */
  plug(device: TapDevice, gone: (why: Error) => void): void {
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

  /** Has something end with the network. */
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

  /** Compares the interface's addresses with those that the hub was told of. Any program may have changed them. */
  #tellAddresses(): void {
    if (this.overlay.tap === undefined) return;
    const addresses = this.#ownAddresses(recentInterfaces()).join(" ");
    if (addresses === this.#toldAddresses) return;
    this.#toldAddresses = addresses;
    this.#hasChosen ||= addresses.split(" ").some((address) => this.#isChosen(address));
    this.endpointsChanged?.();
  }

  /** Looks which addresses are behind the virtual machines' ports. */
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
  connect(tunnel: Tunnel): void {
    this.#isConnected = true;
    tunnel.join(this.#segment);
  }

  /** Takes note that the tunnel has ended. */
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

  /** What this machine does not use of the relay's word, what is wrong with the interface, and what the hub noticed lately. */
  get warnings(): Problem[] {
    const refused = [...this.refused, ...this.given.refusals].map(({ fault }) => problemOf(fault));
    return [...refused, ...this.interfaceFaults(), ...this.notices.problems];
  }

  /** The interface's addresses as they are now, whoever gave them: CIDR. On a trunk within a tag, none. */
  addresses(): LocalAddresses {
    const { tap, address, vlan = UNTAGGED_VLAN } = this.overlay;
    const found = vlan === UNTAGGED_VLAN && tap !== undefined ? (networkInterfaces()[tap.name] ?? []) : [];
    const cidrs = (family: string) =>
      found.flatMap((one) => (one.family === family && one.cidr !== null ? [one.cidr] : []));
    const v6 = cidrs("IPv6");
    const given = address === undefined || address.includes(":") ? [] : [address];
    return {
      // The one that it was given stays the first.
      ipv4: [...new Set([...given, ...cidrs("IPv4")])],
      ipv6: v6.filter((one) => !one.startsWith("fe80:")),
      linkLocal: v6.find((one) => one.startsWith("fe80:")),
    };
  }

  /**
   * Whether the hub is to know what is here, also where it does not ask: other machines than this one are behind it, or were, or
   * somebody gave the interface an address, which may be another's or the hub's.
   */
  get hasMachines(): boolean {
    return this.#hasMachines || this.#hasChosen;
  }

  #isChosen(address: string): boolean {
    const { overlay, offer } = this;
    if (offer.dns?.servers.includes(address) === true) return true;
    return address.includes(".") && address !== overlay.address?.split("/")[0];
  }

  /** This machine and those behind it, as the hub is told of them: so that they are known before they say anything. */
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
   * All addresses of the interface, also temporary and link-local ones: where sources are bound, nothing else of this machine
   * passes. The ones that it was given come first, and then those that others ask for most.
   */
  #ownAddresses(interfaces: ReturnType<typeof networkInterfaces>): string[] {
    const { tap, address, address6, vlan = UNTAGGED_VLAN } = this.overlay;
    const given = [address, address6].flatMap((cidr) => cidr?.split("/")[0] ?? []);
    const found = vlan === UNTAGGED_VLAN && tap !== undefined ? interfaces[tap.name] : undefined;
    // The system lists an interface while it is up: until then what it will have is known.
    if (found === undefined) return given.slice(0, ENDPOINT_ADDRESSES);
    const has = found.map((one) => one.address);
    const rank = (text: string) =>
      given.includes(text) ? 0 : text.startsWith("fe80:") ? 1 : text.includes(":") ? 3 : 2;
    return has.sort((one, other) => rank(one) - rank(other)).slice(0, ENDPOINT_ADDRESSES);
  }

  /** Sends a frame, from its destination address and without FCS, as if this machine's kernel had. */
  inject(frame: Uint8Array): void {
    if (this.port === undefined) return;
    const bytes = new Uint8Array(ENCAPSULATION_BYTES + frame.length);
    bytes.set(frame, ENCAPSULATION_BYTES);
    encapsulate(bytes, 0, bytes.length, this.offer.vni);
    this.#segment.forward(this.port, new Block(bytes), 0, ENCAPSULATION_BYTES, bytes.length);
    this.#segment.flush();
  }

  /**
   * Has somebody see every frame, beside others who do.
   *
   * @returns what ends it
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
