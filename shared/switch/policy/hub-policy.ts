import type { IpAddress } from "../../frame/address.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../../frame/ethernet.ts";
import type { Budget } from "../budget.ts";
import type { DropReason } from "../drops.ts";
import { DhcpGuard, isDhcpBroadcast } from "../guards/dhcp-guard.ts";
import { DhcpProbe } from "../guards/dhcp-probe.ts";
import { EtherTypeFilter } from "../guards/ethertype-filter.ts";
import { isLinkLocalControl, isMacControl } from "../guards/link-local.ts";
import { LoopDetector } from "../guards/loop-detector.ts";
import { PortNoticeLimit } from "../guards/notice-limit.ts";
import { RaGuard } from "../guards/ra-guard.ts";
import { type BoundEndpoint, SourceBinding } from "../guards/source-binding.ts";
import { StormGuard } from "../guards/storm-guard.ts";
import { MulticastSnooper } from "../multicast/snooper.ts";
import { NeighbourSuppressor } from "../neighbours/suppressor.ts";
import type { SegmentNotice } from "../notice.ts";
import { isAnnouncement } from "../places/announcement.ts";
import type { Port, PortRole } from "../port.ts";
import type { Segment } from "../segment.ts";
import { type NetworkSettings, parseEtherTypes } from "../settings.ts";
import type { FrameView } from "./frame-view.ts";
import type { Policy, PolicyVerdict } from "./policy.ts";

export interface HubPolicyOptions {
  readonly segment: Segment;
  readonly settings: NetworkSettings;
  /**
   * Whether the network is a wire, for labs: link-local control frames pass, and the hub filters and answers nothing.
   */
  readonly wire: boolean;
  /** Roles that a device or the relay itself has from the beginning. */
  readonly granted: ReadonlySet<PortRole>;
  readonly notice: (notice: SegmentNotice) => void;
  /** The hub as a machine in its own segment, if it is one. */
  readonly host?: OwnHost | undefined;
  /** Called with every IP address that a machine claims. */
  readonly heard?: ((address: IpAddress) => void) | undefined;
  /** Bounds of its tables; each table has its own by default. */
  readonly budgets?: PolicyBudgets | undefined;
  /** Seconds, never going back. */
  readonly now: number;
}

/** Bounds of a segment's tables, within those of its tenant and of the relay. */
export interface PolicyBudgets {
  /** Number of IP addresses in the neighbour table. */
  readonly neighbours: Budget;
  /** Number of memberships in multicast groups. */
  readonly groups: Budget;
}

/** The hub's own port in its segment and its IP addresses there. */
export interface OwnHost {
  readonly port: Port;
  readonly addresses: Iterable<IpAddress>;
}

/** Returns the hub's MAC address in a segment: locally administered, with the VNI in it. */
export function hubMac(vni: number): number {
  return 0x024c_4e00_0000 + vni;
}

/**
 * Turns a learning switch into a hub: guards on ingress, then ARP and ND suppression, then IGMP and MLD snooping. Each
 * part decides about its own protocol. This class holds their order, and which of them a network has.
 */
export class HubPolicy implements Policy {
  readonly isStrict: boolean;
  readonly stripsTags: boolean;
  readonly snooper: MulticastSnooper | undefined;
  readonly suppressor: NeighbourSuppressor | undefined;
  readonly #segment: Segment;
  readonly #mac: number;
  readonly #settings: NetworkSettings;
  readonly #wire: boolean;
  readonly #granted: Set<PortRole>;
  readonly #etherTypes: EtherTypeFilter | undefined;
  readonly #binding: SourceBinding | undefined;
  readonly #dhcp: DhcpGuard;
  readonly #dhcpProbe: DhcpProbe;
  readonly #ra: RaGuard;
  readonly #storm: StormGuard;
  readonly #loops: LoopDetector | undefined;
  readonly #notice: (notice: SegmentNotice) => void;
  readonly #noticedFull = new PortNoticeLimit();
  /** Ports with the role `dhcp-server`. */
  readonly #servers = new Set<Port>();
  /** Whether the hub sends queries. True from the beginning if the network drops groups without members. */
  #awake: boolean;

  constructor(options: HubPolicyOptions) {
    const { segment, settings, wire, granted, notice, host, heard, budgets, now } = options;
    this.#notice = notice;
    const mac = hubMac(segment.vni);
    const { mode, types } = parseEtherTypes(settings.ethertypes) ?? { mode: "all", types: [] };
    this.#segment = segment;
    this.#mac = mac;
    this.#settings = settings;
    this.#wire = wire;
    this.#granted = new Set(granted);
    this.#awake = settings.unregistered_multicast === "drop";
    this.stripsTags = settings.vlan === "strip";
    this.#etherTypes = mode === "all" ? undefined : new EtherTypeFilter({ mode, types });
    this.#binding = settings.source_binding ? new SourceBinding(budgets?.neighbours) : undefined;
    // Plain IPv4 and IPv6 skip the policy, so it must be strict if it filters them.
    this.isStrict = this.#binding !== undefined || (mode !== "all" && !passesIp(mode, types));
    this.#dhcp = new DhcpGuard(notice);
    this.#dhcpProbe = new DhcpProbe(mac, segment);
    this.#ra = new RaGuard(notice);
    this.#storm = new StormGuard(
      {
        broadcast: settings.storm_broadcast || undefined,
        multicast: settings.storm_multicast || undefined,
        unknown: settings.storm_unknown || undefined,
      },
      notice,
    );
    const sender = segment;
    this.#loops =
      settings.loop_detection && !wire ? new LoopDetector({ hubMac: mac, send: sender, notice }) : undefined;
    // A hub that gives addresses out needs the neighbour table too.
    this.suppressor =
      (settings.suppression || host !== undefined) && !wire
        ? new NeighbourSuppressor({
            mac,
            sender,
            notice,
            locate: (address) => segment.table.lookup(address),
            heard,
            budget: budgets?.neighbours,
            answers: settings.suppression,
          })
        : undefined;
    if (host !== undefined) this.suppressor?.own(host.port, host.addresses, now);
    this.snooper =
      settings.snooping && !wire
        ? new MulticastSnooper(
            {
              mac,
              sender,
              floodUnregistered: settings.unregistered_multicast === "flood",
              budget: budgets?.groups,
              full: (port, at) => this.#tellGroupsFull(port, at),
            },
            now,
          )
        : undefined;
  }

  /** Returns whether DHCP servers, or routers, need the role. */
  guards(role: PortRole): boolean {
    const setting = role === "router" ? this.#settings.ra_guard : this.#settings.dhcp_guard;
    return !this.#wire && (setting === "on" || (setting === "auto" && this.#granted.has(role)));
  }

  /** Notes that a device has these roles. */
  grant(roles: ReadonlySet<PortRole>): void {
    for (const role of roles) this.#granted.add(role);
  }

  attach(port: Port): void {
    this.grant(port.roles);
    if (port.roles.has("dhcp-server")) this.#servers.add(port);
    this.#loops?.attach(port);
    // The first port was not queried while it was the only one.
    if (this.#segment.ports.size === 2) for (const one of this.#segment.ports) this.greet(one);
    else this.greet(port);
  }

  detach(port: Port): void {
    this.#servers.delete(port);
    this.#loops?.detach(port);
    this.snooper?.detach(port);
    this.suppressor?.detach(port);
    this.#binding?.detach(port);
    this.#storm.detach(port);
    this.#dhcp.detach(port);
    this.#dhcpProbe.detach(port);
    this.#ra.detach(port);
    this.#noticedFull.detach(port);
  }

  tick(now: number): void {
    this.#storm.tick(now);
    if (this.#segment.ports.size > 1) this.suppressor?.tick(now);
    if (this.#asks) this.snooper?.tick(now);
    this.#loops?.tick(now);
    if (this.guards("dhcp-server")) this.#dhcpProbe.tick(this.#segment.ports, now);
    for (const port of this.#segment.ports) {
      if (!port.cut || this.#loops?.isCut(port) === true) continue;
      port.cut = false;
      this.greet(port);
    }
  }

  /** Binds a port to these addresses, if the network binds sources. @returns false if there is no room */
  bind(port: Port, endpoints: readonly BoundEndpoint[]): boolean {
    return this.#binding?.bind(port, endpoints) ?? true;
  }

  /** Queries the groups of a port. Machines that came up after the port did have not heard its first query. */
  greet(port: Port): void {
    if (this.#asks && !port.cut) this.snooper?.greet(port);
  }

  /** Whether to send queries: not while only one port is attached, because there is no other to forward to. */
  get #asks(): boolean {
    return this.#awake && this.#segment.ports.size > 1;
  }

  noteMove(to: Port, accepted: boolean, now: number): void {
    this.#loops?.suspect(to, now);
    if (accepted) this.greet(to);
  }

  admit(from: Port, view: FrameView, now: number, packets = 1): DropReason | undefined {
    const loop = this.#loops?.check(from, view, now);
    if (loop !== undefined) {
      if (loop.cut !== undefined) this.#segment.cut(loop.cut);
      return "answered";
    }
    if (from.cut) return "loop";
    if (this.#wire ? isMacControl(view.destination) : isLinkLocalControl(view.destination))
      return "link-local";
    const refused =
      (view.isGroup ? this.#storm.check(from, kindOf(view), now, packets) : undefined) ??
      this.#etherTypes?.check(view) ??
      this.#binding?.check(from, view) ??
      (this.guards("dhcp-server") ? this.#dhcp.check(from, view, now) : undefined) ??
      (this.guards("router") ? this.#ra.check(from, view, now) : undefined);
    if (refused === undefined && isAnnouncement(view)) this.#announced(from, view.source, now);
    return refused;
  }

  /** Moves an address that is held elsewhere to the port where it announces itself. */
  #announced(from: Port, source: number, now: number): void {
    if (this.#segment.table.announce(source, from, now)) this.noteMove(from, true, now);
  }

  #tellGroupsFull(port: Port, now: number): void {
    if (!this.#noticedFull.isDue(port, now)) return;
    this.#notice({
      code: "limit.groups",
      message:
        `${port.id} is in more multicast groups than the hub has room for, so it is sent all of them. ` +
        "Look there for a program that joins groups without end, or have the tenant's limit 'groups' raised.",
      ports: [port],
    });
  }

  route(from: Port, view: FrameView, now: number): PolicyVerdict {
    if (this.suppressor?.judge(from, view, now) === "answered") return "answered";
    if (!view.isGroup) return "forward";
    // A server without the role cannot answer a question that it does not get.
    if (this.guards("dhcp-server") && isDhcpBroadcast(view)) {
      if (view.ip === 4) this.#dhcpProbe.withheld(now);
      return this.#servers;
    }
    if (this.snooper === undefined || view.isBroadcast) return "forward";
    const receivers = this.snooper.judge(from, view, now);
    if (!this.#awake && this.snooper.judged !== "data") this.#wake();
    if (receivers === "flood") return "forward";
    // Reports are for routers, and for the hub, which has read this one.
    if (this.snooper.judged === "report" && !hasOther(receivers, from)) return "answered";
    return receivers;
  }

  /** Starts to send queries, at the first message about groups. Before that, queries would be noise. */
  #wake(): void {
    this.#awake = true;
    for (const port of this.#segment.ports) this.greet(port);
  }

  admitUnknown(from: Port, destination: number, now: number, packets = 1): DropReason | undefined {
    if (destination === this.#mac && !this.#wire) return "answered";
    if (this.#settings.unknown_unicast === "drop") return "unknown-unicast";
    return this.#storm.check(from, "unknown", now, packets);
  }
}

function kindOf({ isBroadcast }: FrameView): "broadcast" | "multicast" {
  return isBroadcast ? "broadcast" : "multicast";
}

function passesIp(mode: "allow" | "deny", types: readonly (number | "llc")[]): boolean {
  const named = (type: number) => types.includes(type);
  return mode === "allow"
    ? named(ETHERTYPE_IPV4) && named(ETHERTYPE_IPV6)
    : !named(ETHERTYPE_IPV4) && !named(ETHERTYPE_IPV6);
}

function hasOther(ports: ReadonlySet<Port>, one: Port): boolean {
  return ports.size > 1 || (ports.size === 1 && !ports.has(one));
}
