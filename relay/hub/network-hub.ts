import type { Member, RegisteredEndpoint, RelayMessage } from "../../shared/protocol/control.ts";
import { Budget } from "../../shared/switch/budget.ts";
import { Containment, type ReportContained } from "../../shared/switch/containment.ts";
import type { SegmentNotice } from "../../shared/switch/notice.ts";
import { MacTable } from "../../shared/switch/places/mac-table.ts";
import { HubPolicy, hubMac } from "../../shared/switch/policy/hub-policy.ts";
import type { Port, PortRole } from "../../shared/switch/port.ts";
import { Segment } from "../../shared/switch/segment.ts";
import { Fault } from "../../shared/values/fault.ts";
import type { Network } from "../model/model.ts";
import type { Names } from "../tenants/names.ts";
import type { Capture, CaptureFilter } from "./capture/capture.ts";
import type { CaptureMemory } from "./capture/capture-budget.ts";
import { Captures } from "./capture/captures.ts";
import { HubHostPort } from "./host/host-port.ts";
import { hubAddresses, networkHost } from "./host/network-host.ts";
import { MemberAnnouncer, type MemberListener } from "./load/announcer.ts";
import type { Turn } from "./load/turns.ts";
import { Router } from "./router/router.ts";
import { Registrations } from "./session/registrations.ts";
import type { NetworkBudgets } from "./table-budgets.ts";

/** A member of a network. It hears of the other members, and they hear of it. */
export interface NetworkMember extends MemberListener {
  tell(message: RelayMessage): void;
}

export interface NetworkHubOptions {
  readonly network: Network;
  /** Roles that are allowed for ports of the network. */
  readonly roles: ReadonlySet<PortRole>;
  /** Names of its devices; without them the hub is not a host in the network. */
  readonly names?: Names;
  /** Returns whether one more DNS query may be answered now. */
  readonly mayName?: () => boolean;
  /** Budgets of its tables; without them the tables have their own bounds. */
  readonly budgets?: NetworkBudgets;
  /** Seconds, never going back. */
  readonly clock: () => number;
  /** The turn of its tenant, to which the work is charged. */
  readonly turn?: Turn;
  /** Called with errors that cost a frame, a packet or a capture. */
  readonly report?: ReportContained | undefined;
  /** Called with what the hub notices in the network. */
  readonly noticed: (network: Network, notice: SegmentNotice) => void;
}

const REGISTER: RelayMessage = {
  type: "notice",
  code: "source-binding",
  message: "this network forwards only registered source addresses: register the machines behind your port",
};

/**
 * A live network: its segment, and its members, which hear of each other. It has members, captures, or ports on the
 * underlay.
 */
export class NetworkHub {
  readonly segment: Segment;
  #host: HubHostPort | undefined;
  #router: Router | undefined;
  #roles: ReadonlySet<PortRole>;
  #network: Network;
  #policy: HubPolicy;
  readonly #clock: () => number;
  readonly #report: ReportContained | undefined;
  readonly #noticed: NetworkHubOptions["noticed"];
  readonly #members = new Set<NetworkMember>();
  readonly #announcer: MemberAnnouncer<NetworkMember>;
  readonly #registrations: Registrations<NetworkMember>;
  readonly budgets: NetworkBudgets | undefined;
  /** The policy's budgets within {@link NetworkBudgets}; given back when another policy replaces it. */
  #policyBudgets: Budget[] = [];
  readonly #captures: Captures;
  /** Ports on the underlay that are in the network or about to be. They keep it live without members. */
  holds = 0;

  constructor(options: NetworkHubOptions) {
    const { network, roles, names, mayName, budgets, clock, turn, report, noticed } = options;
    this.#report = report;
    this.#network = network;
    this.budgets = budgets;
    this.#clock = clock;
    this.#noticed = noticed;
    const { ageing, mac_limit: limit } = network.settings;
    const notice = (what: SegmentNotice) => this.#notice(what);
    const ask = (mac: number, port: Port) => this.#policy.suppressor?.askMac(mac, port) ?? false;
    const histories = budgets?.histories;
    const table = new MacTable({ ageing, limit, histories, notice, ask });
    this.segment = new Segment(network.vni, clock, table, turn?.work, setImmediate);
    this.#announcer = new MemberAnnouncer(
      network.vni,
      this.#members,
      turn,
      new Containment({ at: "members", vni: network.vni, report, clock }),
    );
    this.#roles = roles;
    this.#registrations = new Registrations({
      table: this.segment.table,
      budget: budgets?.neighbours ?? new Budget(Number.POSITIVE_INFINITY),
      policy: () => this.#policy,
      clock,
    });
    this.#host = names && networkHost({ network, segment: this.segment, names, mayName, report, clock });
    const containment = new Containment({ at: "captures", vni: network.vni, report, clock });
    this.#captures = new Captures(this.segment, containment);
    this.#policy = this.#newPolicy(roles);
    this.segment.policy = this.#policy;
  }

  /**
   * Returns the router between the network and its tunnels, and makes it at the first call.
   *
   * @throws Fault `port.wire`
   */
  router(): Router {
    if (this.#network.mode === "wire") {
      throw new Fault({
        code: "port.wire",
        message: `network '${this.#network.name}' is a wire: its hub does not answer or route`,
        hint: "Bridge it (--mode bridged), or make a network without --mode wire.",
      });
    }
    if (this.#router !== undefined) return this.#router;
    const { mtu, vni } = this.#network;
    const host = this.#becomeHost();
    const router = new Router({
      segment: this.segment,
      mac: hubMac(vni),
      mtu,
      neighbours: () => this.#policy.suppressor,
      own: (address) => {
        host.own(address);
        this.#policy.suppressor?.own(host, [address], this.#clock());
      },
      disown: (address) => {
        if (hubAddresses(this.#network).includes(address)) return;
        host.disown(address);
        this.#policy.suppressor?.disown(host, address);
      },
      isOwn: (address) => host.addresses.has(address),
      report: this.#report,
      serve: (from, frame) => host.answer(from, frame),
      waiting: this.budgets?.waiting,
      clock: this.#clock,
    });
    host.forward = (from, bytes, frame, end) => router.fromSegment(from, bytes, frame, end);
    this.#router = router;
    return router;
  }

  /** Attaches the hub as a host to the network, even if the network gives out no addresses. */
  #becomeHost(): HubHostPort {
    if (this.#host !== undefined) return this.#host;
    const { mtu, vni } = this.#network;
    const { segment } = this;
    const host = new HubHostPort({
      segment,
      mac: hubMac(vni),
      addresses: [],
      mtu,
      udp: new Map(),
      containment: new Containment({ at: "hub", vni, report: this.#report, clock: this.#clock }),
      clock: this.#clock,
    });
    this.#host = host;
    if (this.#policy.suppressor === undefined) {
      this.#policy = this.#newPolicy(this.#roles);
      segment.policy = this.#policy;
    }
    return host;
  }

  /** Runs periodic work; call it about once a second. */
  tick(): void {
    this.segment.tick();
    this.#router?.tick();
    this.#captures.tick();
    for (const [member, endpoints] of this.#registrations.tick()) this.#entered(member, endpoints);
  }

  /** Returns what its tables took; the network hub must not be used afterwards. */
  close(): void {
    for (const budget of this.#policyBudgets) budget.close();
  }

  /** The hub's host in the network; undefined if it is not one. */
  get host(): HubHostPort | undefined {
    return this.#host;
  }

  get network(): Network {
    return this.#network;
  }

  get policy(): HubPolicy {
    return this.#policy;
  }

  /** Applies other settings or roles. Groups and neighbours are learnt again. */
  change(network: Network, roles: ReadonlySet<PortRole>): void {
    const isSame = JSON.stringify(network.settings) === JSON.stringify(this.#network.settings);
    this.#network = network;
    this.#roles = roles;
    if (isSame) return this.#policy.grant(roles);
    const { ageing, mac_limit: limit } = network.settings;
    this.segment.table.limits = { ageing, limit };
    this.#policy = this.#newPolicy(roles);
    for (const port of this.segment.ports) port.cut = false;
    this.segment.policy = this.#policy;
    for (const one of this.#members) this.instruct(one);
    for (const [member, endpoints] of this.#registrations.renew()) this.#entered(member, endpoints);
  }

  /**
   * Registers all machines behind a member; those missing from the list are withdrawn (docs/protocol.md, `register`).
   *
   * @returns why some of them could not be registered, or undefined if all were
   */
  register(member: NetworkMember, endpoints: readonly RegisteredEndpoint[]): string | undefined {
    const port = this.#portOf(member.member.vtep);
    if (port === undefined) return "the session has left the network";
    const { entered, problem } = this.#registrations.set(member, port, endpoints);
    this.#entered(member, entered);
    this.#policy.greet(port);
    this.segment.flush();
    return problem;
  }

  /** Stores a member's machines, and tells the other members if they changed. */
  #entered(member: NetworkMember, endpoints: readonly RegisteredEndpoint[]): void {
    if (JSON.stringify(endpoints) === JSON.stringify(member.member.endpoints)) return;
    member.member = { ...member.member, endpoints: [...endpoints] };
    this.#announcer.tell("changed", member);
  }

  /**
   * Binds an address to a VTEP until it is unpinned or the VTEP leaves.
   *
   * @param vtep its ID, or its member's name
   * @throws Fault `vtep.unknown`
   */
  pin(mac: number, vtep: string): Port {
    for (const port of this.segment.ports) {
      if (port.id !== vtep && this.nameOf(port) !== vtep) continue;
      this.segment.table.pin(mac, port, this.#clock());
      return port;
    }
    throw new Fault({
      code: "vtep.unknown",
      message: `there is no VTEP '${vtep}' in network '${this.#network.name}' now`,
      hint: "'laneway counters' shows the connected VTEPs.",
    });
  }

  #newPolicy(roles: ReadonlySet<PortRole>): HubPolicy {
    const { settings, mode, addresses, prefix6, hasChosenSubnet } = this.#network;
    // If an administrator has the relay give out addresses, it is the only DHCP server, and it gives IPv6 addresses
    // without router advertisements.
    const givers: PortRole[] = [];
    if (addresses && !hasChosenSubnet) givers.push("dhcp-server");
    if (prefix6 !== undefined && !hasChosenSubnet) givers.push("router");
    for (const budget of this.#policyBudgets) budget.close();
    const within = (budget: Budget | undefined) => new Budget(Number.POSITIVE_INFINITY, budget && [budget]);
    const budgets = { neighbours: within(this.budgets?.neighbours), groups: within(this.budgets?.groups) };
    this.#policyBudgets = [budgets.neighbours, budgets.groups];
    return new HubPolicy({
      segment: this.segment,
      settings,
      wire: mode === "wire",
      granted: new Set([...roles, ...givers]),
      notice: (notice) => this.#notice(notice),
      host: this.#host && { port: this.#host, addresses: this.#host.addresses },
      heard: (address) => this.#router?.heard(address),
      budgets: this.budgets && budgets,
      now: this.#clock(),
    });
  }

  /** Reports a notice to the members it concerns and to the operator. */
  #notice(notice: SegmentNotice): void {
    this.#noticed(this.#network, notice);
    const { code, message } = notice;
    const concerned = new Set(notice.ports.map((port) => port.id));
    for (const one of this.#members) {
      if (concerned.has(one.member.vtep)) one.tell({ type: "notice", code, message, vni: this.#network.vni });
    }
  }

  #portOf(vtep: string): Port | undefined {
    for (const port of this.segment.ports) if (port.id === vtep) return port;
    return undefined;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0 && this.#captures.isEmpty && this.holds === 0;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Returns the members except `self`. */
  others(self: NetworkMember): Member[] {
    const others: Member[] = [];
    for (const one of this.#members) if (one !== self) others.push(one.member);
    return others;
  }

  /** Tells a member what it must do to be heard in the network. */
  instruct(member: NetworkMember): void {
    if (this.#network.settings.source_binding) member.tell(REGISTER);
  }

  enter(newcomer: NetworkMember): void {
    this.#announcer.tell("joined", newcomer);
    this.#members.add(newcomer);
  }

  leave(leaver: NetworkMember): void {
    this.#registrations.delete(leaver);
    if (this.#members.delete(leaver)) this.#announcer.tell("left", leaver);
  }

  /**
   * Starts a capture of passing frames.
   *
   * @param ended called once the capture sees no more frames
   * @param memory memory that all captures share; the capture's own if not given
   * @throws Fault `vtep.unknown`, `capture.too-many`
   */
  capture({ vtep, drops }: CaptureFilter, ended: () => void, memory?: CaptureMemory): Capture {
    const { name, tenant, vni } = this.network;
    if (vtep !== undefined && this.#portOf(vtep) === undefined) {
      throw new Fault({
        code: "vtep.unknown",
        message: `there is no VTEP '${vtep}' in network '${name}' now`,
        hint: "'laneway fdb' shows the VTEPs as ports of MAC addresses.",
      });
    }
    const what = `${drops === true ? "frames dropped" : "frames"}${vtep === undefined ? "" : ` at VTEP ${vtep}`}`;
    const offset = Date.now() - performance.now();
    return this.#captures.start({
      vtep,
      drops,
      title: `Network '${name}' of tenant '${tenant}', VNI ${vni}: ${what}`,
      clock: () => offset + performance.now(),
      nameOf: (port) => this.nameOf(port),
      ended,
      memory,
    });
  }

  /** Ends every capture. */
  endCaptures(): void {
    this.#captures.end();
  }

  /** Returns the name of the member behind a port. */
  nameOf({ id }: Port): string | undefined {
    for (const { member } of this.#members) if (member.vtep === id) return member.name;
    return undefined;
  }
}
