import type { Logger } from "pino";
import type { LimitName } from "../../shared/api/resources/limits.ts";
import type { IpAddress } from "../../shared/frame/address.ts";
import { Close } from "../../shared/protocol/close.ts";
import { SUBPROTOCOL } from "../../shared/protocol/constants.ts";
import { Containment, type ReportContained } from "../../shared/switch/containment.ts";
import type { BlockPool } from "../../shared/tunnel/block-pool.ts";
import { blockPool } from "../../system/memory.ts";
import type { GuessLimiter } from "../arrivals/guess-limiter.ts";
import type { Grant, Revocation } from "../model/grants.ts";
import type { Network } from "../model/model.ts";
import type { Where } from "../tenants/limits.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { Capture, CaptureFilter } from "./capture/capture.ts";
import { CaptureBudget } from "./capture/capture-budget.ts";
import { containedLog } from "./contained-log.ts";
import { DnsRates } from "./host/dns-rates.ts";
import { hubAddresses } from "./host/network-host.ts";
import { HUB_LIMITS, type HubLimits, RELAY_LIMITS } from "./limits.ts";
import { type TenantLoad, TenantLoads } from "./load/tenant-load.ts";
import type { Turn } from "./load/turns.ts";
import { NetworkHub } from "./network-hub.ts";
import { MacBudgets } from "./rates/mac-budgets.ts";
import { type MeteredPort, Rates, type Sender } from "./rates/rates.ts";
import { Admission } from "./session/admission.ts";
import { Presence } from "./session/presence.ts";
import { Session, type SessionHost } from "./session/session.ts";
import { Sightings } from "./session/sightings.ts";
import type { Connection, ConnectionEvents } from "./session/socket.ts";
import { TableBudgets } from "./table-budgets.ts";

export interface HubOptions {
  readonly tenants: Tenants;
  readonly log: Logger;
  /** Seconds, never going back. */
  readonly clock: () => number;
  /** Limits failed attempts with credentials. */
  readonly guesses: GuessLimiter;
  readonly limits?: HubLimits;
  /** Memory that all sessions share; the hub makes its own if none is given. */
  readonly pool?: BlockPool;
}

/** The answer of {@link Hub.usageOf}. */
export type HubUsage = Readonly<
  Record<"sessions" | "memberships" | "captures" | "macs" | "neighbours" | "groups" | "queued_bytes", number>
>;

/** The hub VTEP: every session, and every network that has members, captures or ports on the underlay. */
export class Hub implements SessionHost {
  readonly limits: HubLimits;
  readonly pool: BlockPool;
  readonly tenants: Tenants;
  readonly #log: Logger;
  readonly clock: () => number;
  readonly #loads: TenantLoads;
  readonly #admission: Admission;
  readonly #guesses: GuessLimiter;
  readonly #presence = new Presence();
  readonly #sightings: Sightings;
  readonly macs: MacBudgets;
  readonly #tables: TableBudgets;
  readonly #dns: DnsRates;
  readonly #rates: Rates;
  readonly #captures: CaptureBudget;
  readonly #sessions = new Set<Session>();
  readonly #networks = new Map<number, NetworkHub>();
  readonly #report: ReportContained;
  readonly #containment: Containment;
  readonly #ticker: ReturnType<typeof setInterval>;
  #draining = false;

  constructor({ tenants, log, clock, guesses, limits = HUB_LIMITS, pool = blockPool() }: HubOptions) {
    this.pool = pool;
    this.limits = limits;
    this.tenants = tenants;
    this.#log = log;
    this.clock = clock;
    this.#loads = new TenantLoads(tenants.limits, limits.load, clock);
    this.#report = containedLog(log, clock);
    this.#containment = new Containment({ at: "hub", report: this.#report, clock });
    this.#admission = new Admission(limits);
    this.#guesses = guesses;
    this.#sightings = new Sightings(tenants);
    this.macs = new MacBudgets(tenants.limits, RELAY_LIMITS.macs);
    this.#tables = new TableBudgets(tenants.limits);
    this.#dns = new DnsRates(tenants.limits, RELAY_LIMITS.dnsQueries, clock);
    this.#rates = new Rates(tenants.limits, clock);
    this.#captures = new CaptureBudget(tenants.limits);
    this.#ticker = setInterval(() => this.#tick(), 1_000);
    tenants.limits.onReached((tenant, { code, network, message }) =>
      log.warn({ tenant, network, code }, message),
    );
    tenants.addresses.watchBy((network, address, device) => {
      const used = this.live(network)?.policy.suppressor?.owner(address, clock());
      return used?.port.id === this.#presence.ofDevice(device)?.id ? undefined : used?.mac;
    });
    tenants.onRevoked((revocation) => this.#revoke(revocation));
    tenants.onChanged((network) =>
      this.#networks.get(network.vni)?.change(network, tenants.rolesIn(network)),
    );
  }

  /** Takes over a connection whose WebSocket is open. */
  accept(connection: Connection): ConnectionEvents {
    if (!this.#admission.enter(connection.address)) {
      connection.socket.close(Close.overloaded, "too many connections from this address");
      return IGNORED_CONNECTION;
    }
    if (!connection.subprotocol) {
      this.#admission.leave(connection.address, false);
      connection.socket.close(Close.unsupported, `offer the subprotocol ${SUBPROTOCOL}`);
      return IGNORED_CONNECTION;
    }
    const session = new Session(connection, this);
    this.#sessions.add(session);
    return session;
  }

  /** Returns the hub of a network that is live now, because it has members or is captured. */
  live(network: Network): NetworkHub | undefined {
    return this.#networks.get(network.vni);
  }

  /**
   * Starts a capture of a network, which need not have members yet.
   *
   * @param ended called once the capture sees no more frames
   * @throws Fault `vtep.unknown`, `capture.too-many`, `limit.captures`
   */
  capture(network: Network, filter: CaptureFilter, ended: () => void = () => {}): Capture {
    const leave = this.#captures.enter(network.tenant);
    const hub = this.openNetwork(network);
    const releaseEmpty = () => {
      if (hub.isEmpty) this.release(hub);
    };
    const about = { tenant: network.tenant, network: network.name, ...filter };
    try {
      const over = () => {
        leave();
        releaseEmpty();
        this.#log.info(about, "capture ended");
        ended();
      };
      const capture = hub.capture(filter, over, this.#captures.memory);
      this.#log.info(about, "capture begun");
      if (this.#draining) capture.end();
      return capture;
    } catch (error) {
      leave();
      throw error;
    } finally {
      releaseEmpty();
    }
  }

  /** Tells every session that the relay restarts, closes it, and ends all captures. */
  drain(): void {
    this.#draining = true;
    clearInterval(this.#ticker);
    for (const session of [...this.#sessions]) {
      session.tell({ type: "drain", after_seconds: 0 });
      session.close(Close.restart, "the relay restarts");
    }
    for (const hub of this.#networks.values()) hub.endCaptures();
    this.#noteSeen(Number.POSITIVE_INFINITY);
  }

  /** Returns how much of its limits a tenant uses in sessions and frames, by the names of the limits. */
  usageOf(tenant: string): HubUsage {
    return {
      sessions: this.#presence.sessionsOf(tenant),
      captures: this.#captures.of(tenant),
      macs: this.macs.usedBy(tenant),
      ...this.#tables.usedBy(tenant),
      ...this.#loads.usedBy(tenant),
    };
  }

  /** Returns the devices that have a session now, by session ID. */
  devicesBySession(): ReadonlyMap<string, string> {
    return this.#presence.devicesBySession();
  }

  /** Returns whether a device has a session now. */
  isOnline(device: string): boolean {
    return this.#presence.ofDevice(device) !== undefined;
  }

  loadOf(tenant: string | undefined): TenantLoad {
    return tenant === undefined ? this.#loads.strangers : this.#loads.of(tenant);
  }

  /** The turn of HTTP requests without known credentials. */
  get visitors(): Turn {
    return this.#loads.visitors;
  }

  countRefusal({ connection }: Session): { code: number; reason: string } {
    const wait = this.#guesses.wrong(connection.address);
    if (wait === undefined) return { code: Close.refused, reason: "credentials refused" };
    return { code: Close.overloaded, reason: "too many wrong credentials from this address" };
  }

  admit(session: Session, grant: Grant): string | undefined {
    const { device, tenant } = grant;
    const older = device === undefined ? undefined : this.#presence.ofDevice(device.id);
    older?.close(Close.replaced, "the same device connected again");
    if (!this.tenants.limits.allows(tenant, "sessions", this.#presence.sessionsOf(tenant))) {
      const { code, message } = this.tenants.limits.explain(tenant, "sessions");
      return `${code}: ${message}`;
    }
    this.#presence.enter(session, grant);
    return undefined;
  }

  openSender(session: Session, { tenant, token, device }: Grant): Sender {
    return this.#rates.openSender(
      tenant,
      device?.id ?? token ?? "",
      (name: LimitName, where: Where, dropped: number) => {
        const { code, message, hint } = this.tenants.limits.explain(tenant, name, where);
        session.warn(code, `${message}; ${dropped} frames from here were dropped. ${hint}`, this.clock());
      },
    );
  }

  /** Counts what a port on the underlay receives, until the sender ends. */
  openPortSender(id: string, port: MeteredPort, network: Network): Sender {
    // The relay tells the tenant's administrator; a machine behind the port would not see the message.
    const sender = this.#rates.openSender(network.tenant, id, () => {});
    sender.join(port, network);
    return sender;
  }

  objection(network: Network, address: IpAddress, grant: Grant): string | undefined {
    const own = this.live(network)?.host?.addresses.has(address) ?? hubAddresses(network).includes(address);
    if (own) return "it is the hub's own";
    return this.tenants.addresses.objection(network, address, grant.device?.id);
  }

  shortageIn(network: Network): { code: string; message: string } | undefined {
    const { limits } = this.tenants;
    if (this.loadOf(network.tenant).memberships.room < 1) {
      limits.reached(network.tenant, "memberships");
      const { code, message, hint } = limits.explain(network.tenant, "memberships");
      return { code, message: `${message}. ${hint}` };
    }
    const where = { network: network.name };
    const here = this.live(network)?.size ?? 0;
    if (limits.allows(network.tenant, "network_sessions", here, where)) return undefined;
    const { code, message, hint } = limits.explain(network.tenant, "network_sessions", where);
    return { code, message: `${message}. ${hint}` };
  }

  openNetwork(network: Network): NetworkHub {
    let hub = this.#networks.get(network.vni);
    if (hub === undefined) {
      // The current settings: they may have changed since the session was welcomed.
      const current = this.tenants.network(network.tenant, network.name);
      hub = new NetworkHub({
        network: current,
        budgets: this.#tables.open(current),
        mayName: () => this.#dns.take(current.tenant),
        roles: this.tenants.rolesIn(network),
        names: this.tenants.names,
        clock: this.clock,
        turn: this.loadOf(current.tenant).turn,
        report: this.#report,
        noticed: ({ tenant, name }, { code, message }) => {
          this.#log.warn({ tenant, network: name, code }, message);
          this.tenants.notices.add(tenant, { code, network: name, message, hint: "" });
        },
      });
      this.#networks.set(network.vni, hub);
    }
    return hub;
  }

  /**
   * Keeps a network live without members.
   *
   * @returns the network's hub, and a function that releases it
   */
  keepOpen(network: Network): { readonly live: NetworkHub; release(): void } {
    const live = this.openNetwork(network);
    live.holds++;
    return {
      live,
      release: () => {
        live.holds--;
        if (live.isEmpty) this.release(live);
      },
    };
  }

  release(hub: NetworkHub): void {
    if (this.#networks.get(hub.network.vni) !== hub) return;
    this.#networks.delete(hub.network.vni);
    hub.close();
    if (hub.budgets !== undefined) this.#tables.close(hub.network, hub.budgets);
    this.macs.release(hub.network);
  }

  welcomed(session: Session): void {
    this.#admission.welcome(session.connection.address);
    session.connection.letIn?.();
    const { tenant, token, device } = session.grant ?? {};
    this.#log.info({ session: session.id, tenant, token, device: device?.id }, "session open");
  }

  failed(session: Session, error: unknown): void {
    this.#report({ error, at: session.id, vni: undefined, count: 1 });
    session.close(Close.overloaded, "the relay failed to answer");
  }

  ended(session: Session): void {
    this.#sessions.delete(session);
    this.#admission.leave(session.connection.address, session.grant !== undefined);
    if (session.grant !== undefined) this.#presence.leave(session, session.grant);
    if (session.grant !== undefined)
      this.#log.info({ session: session.id, drops: session.drops }, "session closed");
  }

  #revoke(revocation: Revocation): void {
    for (const session of [...this.#sessions]) {
      if (session.grant === undefined) continue;
      if (touches(revocation, session.grant)) session.close(Close.revoked, `${revocation.kind} revoked`);
      else if (revocation.kind === "network") session.withdraw(revocation.id);
    }
    for (const hub of this.#networks.values()) {
      if (isOf(revocation, hub.network)) hub.endCaptures();
    }
  }

  #noteSeen(most?: number): void {
    const note = (seen: readonly string[]) => {
      this.tenants.devices.saw(seen);
      return true;
    };
    const { health } = this.tenants;
    this.#presence.noteSeen((seen) => health.attempt("note devices seen", () => note(seen)) ?? false, most);
  }

  /** Warns about a session that has, or nearly has, too many MAC addresses, so that frames are dropped. */
  #tellOfMacs(session: Session): void {
    const { macs, grant } = session;
    if (macs === undefined || grant === undefined) return;
    const who = `the session of '${session.name}' (VTEP ${session.id})`;
    const refusal = this.macs.takeRefusal(macs, who);
    const near = macs.takeNear(who);
    if (refusal !== undefined) {
      const { code, message, hint } = refusal.notice;
      session.warn(code, `${message}: frames from further ones are dropped. ${hint}`, this.clock());
      if (refusal.isOwn) this.tenants.notices.add(grant.tenant, refusal.notice);
    } else if (near !== undefined) {
      session.warn(near.code, `${near.message}. ${near.hint}`, this.clock());
      this.tenants.notices.add(grant.tenant, near);
    }
  }

  /** Contains the failure of each step, so that the others still run. */
  #tick(): void {
    const contained = (work: () => void) => this.#containment.run(work);
    for (const network of this.#networks.values()) contained(() => network.tick());
    contained(() => this.macs.tick());
    contained(() => this.#tables.tick());
    contained(() => this.#dns.tick());
    contained(() => this.#rates.tick());
    contained(() => this.#loads.tick());
    contained(() => this.#sweepLoads());
    contained(() => this.#noteSeen());
    contained(() => this.#sightings.tick(this.#networks.values()));
    contained(() => this.#tendSessions());
  }

  #sweepLoads(): void {
    const live = new Set([...this.#networks.values()].map(({ network }) => network.tenant));
    this.#loads.sweep((tenant) => live.has(tenant) || this.#presence.sessionsOf(tenant) > 0);
  }

  #tendSessions(): void {
    for (const session of [...this.#sessions]) {
      this.#tellOfMacs(session);
      if (session.grant !== undefined && this.tenants.hasExpired(session.grant)) {
        session.close(Close.revoked, "token expired");
      }
    }
  }
}

/** Returns whether a revocation ends a whole session. {@link Session.withdraw} handles a revoked network. */
function touches(revocation: Revocation, grant: NonNullable<Session["grant"]>): boolean {
  switch (revocation.kind) {
    case "token":
      return grant.token === revocation.id;
    case "device":
      return grant.device?.id === revocation.id;
    case "tenant":
      return grant.tenant === revocation.name;
    case "admin":
    case "network":
      return false;
  }
}

function isOf(revocation: Revocation, network: Network): boolean {
  switch (revocation.kind) {
    case "token":
    case "admin":
    case "device":
      return false;
    case "network":
      return network.id === revocation.id;
    case "tenant":
      return network.tenant === revocation.name;
  }
}

/** Events of a connection that was turned away: all ignored. */
const IGNORED_CONNECTION: ConnectionEvents = {
  text() {},
  binary(block) {
    block.release();
  },
  closed() {},
};
