import type { Endpoint, Member, RelayMessage } from "../../shared/protocol/control.ts";
import { Budget } from "../../shared/switch/budget.ts";
import { Containment, type ReportContained } from "../../shared/switch/containment.ts";
import { HubPolicy, hubMac } from "../../shared/switch/hub-policy.ts";
import { MacTable } from "../../shared/switch/mac-table.ts";
import type { Notice } from "../../shared/switch/notice.ts";
import type { Port, PortRole } from "../../shared/switch/port.ts";
import { Segment } from "../../shared/switch/segment.ts";
import { Fault } from "../../shared/values/fault.ts";
import type { Network } from "../model/model.ts";
import type { Names } from "../tenants/names.ts";
import type { Capture, CaptureFilter } from "./capture/capture.ts";
import type { CaptureMemory } from "./capture/capture-budget.ts";
import { Captures } from "./capture/captures.ts";
import { HostPort } from "./host/host-port.ts";
import { hubAddresses, networkHost } from "./host/network-host.ts";
import { Announcer, type Listener } from "./load/announcer.ts";
import type { Turn } from "./load/turns.ts";
import { Router } from "./router/router.ts";
import { Registrations } from "./session/registrations.ts";
import type { NetworkBudgets } from "./table-budgets.ts";

/** Somebody who joined a network: hears of the others, and is told to them. */
export interface NetworkMember extends Listener {
  tell(message: RelayMessage): void;
}

export interface NetworkHubOptions {
  readonly network: Network;
  /** What those who may join may be. */
  readonly roles: ReadonlySet<PortRole>;
  /** What its devices are called; without it the hub is no machine of the network. */
  readonly names?: Names;
  /** Whether one more question about names may be answered now. */
  readonly mayName?: () => boolean;
  /** What its tables may hold; without it they have bounds of their own. */
  readonly budgets?: NetworkBudgets;
  /** Seconds, never going back. */
  readonly clock: () => number;
  /** Of its tenant, to which what is done is charged. */
  readonly turn?: Turn;
  /** Told of errors that cost a frame, a packet or a capture. */
  readonly report?: ReportContained | undefined;
  /** Told what the hub notices in the network. */
  readonly noticed: (network: Network, notice: Notice) => void;
}

const REGISTER: RelayMessage = {
  type: "notice",
  code: "source-binding",
  message: "this network lets registered addresses pass alone: register what is behind you",
};

/**
 * A network that somebody has joined or captures, or that has ports on the underlay: its segment, and its members, who
 * hear of each other.
 */
export class NetworkHub {
  readonly segment: Segment;
  #host: HostPort | undefined;
  #router: Router | undefined;
  #roles: ReadonlySet<PortRole>;
  #network: Network;
  #policy: HubPolicy;
  readonly #clock: () => number;
  readonly #report: ReportContained | undefined;
  readonly #noticed: NetworkHubOptions["noticed"];
  readonly #members = new Set<NetworkMember>();
  readonly #announcer: Announcer<NetworkMember>;
  readonly #registrations: Registrations<NetworkMember>;
  readonly budgets: NetworkBudgets | undefined;
  /** Inside those: of what the policy knows, which is given back as another one takes its place. */
  #policyBudgets: Budget[] = [];
  readonly #captures: Captures;
  /** Ports on the underlay that are in it or about to be: they keep it live without members. */
  holds = 0;

  constructor(options: NetworkHubOptions) {
    const { network, roles, names, mayName, budgets, clock, turn, report, noticed } = options;
    this.#report = report;
    this.#network = network;
    this.budgets = budgets;
    this.#clock = clock;
    this.#noticed = noticed;
    const { ageing, mac_limit: limit } = network.settings;
    const notice = (what: Notice) => this.#notice(what);
    const ask = (mac: number, port: Port) => this.#policy.suppressor?.askMac(mac, port) ?? false;
    const histories = budgets?.histories;
    const table = new MacTable({ ageing, limit, histories, notice, ask });
    this.segment = new Segment(network.vni, clock, table, turn?.work, setImmediate);
    this.#announcer = new Announcer(
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
   * What routes between the network and tunnels to others; made when it is asked for first.
   *
   * @throws Fault `port.wire`
   */
  router(): Router {
    if (this.#network.mode === "wire") {
      throw new Fault({
        code: "port.wire",
        message: `network '${this.#network.name}' is a wire, in which the hub answers nothing and routes nothing`,
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

  /** The hub's place in the network, also where that gives no addresses. */
  #becomeHost(): HostPort {
    if (this.#host !== undefined) return this.#host;
    const { mtu, vni } = this.#network;
    const { segment } = this;
    const host = new HostPort({
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

  /** To be called about once a second. */
  tick(): void {
    this.segment.tick();
    this.#router?.tick();
    this.#captures.tick();
    for (const [member, endpoints] of this.#registrations.tick()) this.#entered(member, endpoints);
  }

  /** Gives back what its tables took: it is not used any more. */
  close(): void {
    for (const budget of this.#policyBudgets) budget.close();
  }

  /** The hub as a machine of the network, where it is one. */
  get host(): HostPort | undefined {
    return this.#host;
  }

  get network(): Network {
    return this.#network;
  }

  get policy(): HubPolicy {
    return this.#policy;
  }

  /** Goes by other settings, or roles, from now on. What was learnt of groups and neighbours is learnt anew. */
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
   * Enters the machines behind a member, all of them: who is missing is withdrawn (docs/protocol.md, `register`).
   *
   * @returns why some of them could not be entered; undefined where all were
   */
  register(member: NetworkMember, endpoints: readonly Endpoint[]): string | undefined {
    const port = this.#portOf(member.member.vtep);
    if (port === undefined) return "the session has left the network";
    const { entered, problem } = this.#registrations.set(member, port, endpoints);
    this.#entered(member, entered);
    this.#policy.greet(port);
    this.segment.flush();
    return problem;
  }

  /** A member has these machines now: the others hear of it, if it is news. */
  #entered(member: NetworkMember, endpoints: readonly Endpoint[]): void {
    if (JSON.stringify(endpoints) === JSON.stringify(member.member.endpoints)) return;
    member.member = { ...member.member, endpoints: [...endpoints] };
    this.#announcer.tell("changed", member);
  }

  /**
   * Puts an address at a VTEP for good: until it is taken back, or the VTEP leaves.
   *
   * @param vtep its id, or its member's name
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
      hint: "'laneway counters' shows the VTEPs that are there.",
    });
  }

  #newPolicy(roles: ReadonlySet<PortRole>): HubPolicy {
    const { settings, mode, addresses, prefix6 } = this.#network;
    // Where the relay gives the addresses, it is the one server; and it gives the IPv6 ones without a router's advertisements.
    const givers: PortRole[] = [];
    if (addresses) givers.push("dhcp-server");
    if (prefix6 !== undefined) givers.push("router");
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

  /** Tells those whom it concerns, and the operator. */
  #notice(notice: Notice): void {
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

  get empty(): boolean {
    return this.#members.size === 0 && this.#captures.empty && this.holds === 0;
  }

  get size(): number {
    return this.#members.size;
  }

  /** The members but for `self`. */
  others(self: NetworkMember): Member[] {
    const others: Member[] = [];
    for (const one of this.#members) if (one !== self) others.push(one.member);
    return others;
  }

  /** Tells a member what it has to do to be heard here. */
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
   * Begins to capture what passes.
   *
   * @param ended called once the capture sees no more
   * @param memory what waits for all captures; its own unless it is given
   * @throws Fault `vtep.unknown`, `capture.too-many`
   */
  capture({ vtep, drops }: CaptureFilter, ended: () => void, memory?: CaptureMemory): Capture {
    const { name, tenant, vni } = this.network;
    if (vtep !== undefined && this.#portOf(vtep) === undefined) {
      throw new Fault({
        code: "vtep.unknown",
        message: `there is no VTEP '${vtep}' in network '${name}' now`,
        hint: "'laneway fdb' shows the VTEPs that machines are behind, as ports.",
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

  /** What the member behind a port calls itself. */
  nameOf({ id }: Port): string | undefined {
    for (const { member } of this.#members) if (member.vtep === id) return member.name;
    return undefined;
  }
}
