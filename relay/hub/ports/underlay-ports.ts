import type { Logger } from "pino";
import type { PortView } from "../../../shared/api/resources/port.ts";
import { formatAddress } from "../../../shared/frame/address.ts";
import { parseCidr } from "../../../shared/frame/cidr.ts";
import { formatMac } from "../../../shared/frame/mac.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { newId } from "../../crypto/secret.ts";
import { unknown } from "../../model/faults.ts";
import type { Revocation } from "../../model/grants.ts";
import { type Actor, type Network, type PortRecord, RELAY } from "../../model/model.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import type { Underlay } from "../../underlay/underlay.ts";
import { containedLog } from "../contained-log.ts";
import type { Hub } from "../hub.ts";
import { type PortConfig, portConfig } from "./config.ts";
import { Endpoints } from "./endpoints.ts";
import { PORT_LIMITS } from "./limits.ts";
import { type OpenPort, openPort, type PortSurroundings } from "./open-port.ts";

export interface UnderlayPortsOptions {
  readonly tenants: Tenants;
  readonly hub: Hub;
  readonly underlay: Underlay;
  readonly log: Logger;
  /** Monotonic seconds, with fractions. */
  readonly clock: () => number;
}

/** A configured port, working or not. */
interface Managed {
  readonly id: string;
  readonly network: Network;
  readonly config: PortConfig;
  state: "starting" | "up" | "failed" | "gone";
  problem: string | undefined;
  open: OpenPort | undefined;
  /** The start in progress. */
  starting: Promise<void> | undefined;
}

/** All networks' ports on the underlay: they start with the relay or on creation, and end on deletion. */
export class UnderlayPorts {
  readonly #tenants: Tenants;
  readonly #hub: Hub;
  readonly #log: Logger;
  readonly #surroundings: PortSurroundings;
  readonly #ports = new Map<string, Managed>();
  readonly #ticker: ReturnType<typeof setInterval>;
  #closing: Promise<void> | undefined;

  constructor({ tenants, hub, underlay, log, clock }: UnderlayPortsOptions) {
    this.#tenants = tenants;
    this.#hub = hub;
    this.#log = log;
    const report = containedLog(log, clock);
    const endpoints = new Endpoints({ report, clock });
    this.#surroundings = { underlay, endpoints, policy: { current: undefined }, report, clock };
    this.#ticker = setInterval(() => this.#tend(), PORT_LIMITS.tendSeconds * 1_000);
    tenants.onRevoked((revocation) => {
      for (const one of [...this.#ports.values()]) {
        const { id, tenant } = one.network;
        const isGoing = revocation.kind === "network" ? revocation.id === id : isOfTenant(revocation, tenant);
        if (isGoing) this.#stop(one).catch((error: unknown) => this.#logFailedStop(one, error));
      }
    });
  }

  /** Starts every stored port. Logs a port that cannot start, and retries it. */
  async start(): Promise<void> {
    const kept = this.#tenants.ports.all().flatMap((record) => this.#managed(record) ?? []);
    await Promise.all(kept.map((one) => this.#begin(one).catch(() => {})));
  }

  /**
   * Creates a port of a network. Does not store one that cannot start.
   *
   * @throws Fault those of {@link openPort}, `network.unknown`, `port.too-many`
   */
  async create(tenant: string, name: string, config: PortConfig, by: Actor = RELAY): Promise<PortView> {
    const network = this.#tenants.network(tenant, name);
    if (this.#of(network).length >= PORT_LIMITS.perNetwork) {
      throw new Fault({
        code: "port.too-many",
        message: `network '${name}' has ${PORT_LIMITS.perNetwork} ports already`,
        hint: "Delete some: 'laneway port list' shows them.",
      });
    }
    const one: Managed = { id: newId(), network, config, ...NEW };
    this.#ports.set(one.id, one);
    try {
      await this.#begin(one);
      // The network may be gone by now.
      this.#tenants.ports.keep({ id: one.id, tenant, network: name, config }, by);
    } catch (error) {
      await this.#stop(one);
      throw error;
    }
    return viewOf(one);
  }

  list(tenant: string, name: string): PortView[] {
    return this.#of(this.#tenants.network(tenant, name)).map(viewOf);
  }

  /** Returns a port's view. @throws Fault `port.unknown` */
  show(tenant: string, name: string, id: string): PortView {
    const network = this.#tenants.network(tenant, name);
    const one = this.#of(network).find((candidate) => candidate.id === id);
    if (one !== undefined) return viewOf(one);
    throw unknown("port", id);
  }

  /** Deletes a port; resolves when its socket is free. @throws Fault `port.unknown` */
  async delete(tenant: string, name: string, id: string, by: Actor = RELAY): Promise<void> {
    this.#tenants.ports.forget(this.#tenants.network(tenant, name), id, by);
    const one = this.#ports.get(id);
    if (one !== undefined) await this.#stop(one);
  }

  /** Returns the remote of an address behind a port; undefined for a port that is not on the underlay. */
  remoteOf(port: string, mac: number): string | undefined {
    return this.#ports.get(port)?.open?.remotes?.placeOf(mac)?.address;
  }

  /** Ends every port, and leaves the store unchanged. */
  close(): Promise<void> {
    clearInterval(this.#ticker);
    this.#closing ??= Promise.all([...this.#ports.values()].map((one) => this.#stop(one))).then(() => {});
    return this.#closing;
  }

  #of({ id }: Network): Managed[] {
    return [...this.#ports.values()].filter(({ network }) => network.id === id);
  }

  #managed({ id, tenant, network: name, config }: PortRecord): Managed | undefined {
    const read = portConfig.safeParse(config);
    if (!read.success) {
      this.#log.error({ tenant, network: name, port: id }, "a stored port is invalid for this relay");
      return undefined;
    }
    const one: Managed = { id, network: this.#tenants.network(tenant, name), config: read.data, ...NEW };
    this.#ports.set(id, one);
    return one;
  }

  #begin(one: Managed): Promise<void> {
    one.starting ??= this.#open(one).finally(() => {
      one.starting = undefined;
    });
    return one.starting;
  }

  async #open(one: Managed): Promise<void> {
    const hold = this.#hub.keepOpen(one.network);
    let held = true;
    const release = () => {
      if (held) hold.release();
      held = false;
    };
    const about = { tenant: one.network.tenant, network: one.network.name, port: one.id };
    try {
      const surroundings = {
        ...this.#surroundings,
        networkMtu: one.network.mtu,
        macs: this.#hub.macs.ofUnderlayPort(one.network, PORT_LIMITS.macs),
        router: () => {
          this.#demandGateways(one);
          return hold.live.router();
        },
      };
      const open = await openPort(one.id, one.config, hold.live.segment, surroundings);
      const sender = this.#hub.openPortSender(one.id, open.port, one.network);
      const close = () => {
        sender.end();
        release();
        return open.close();
      };
      if (isGone(one)) return await close();
      one.open = { ...open, close };
      one.state = "up";
      one.problem = undefined;
      this.#log.info({ ...about, kind: one.config.kind }, "port up");
    } catch (error) {
      release();
      if (!isGone(one)) one.state = "failed";
      const isTold = error instanceof Fault;
      const problem = isTold ? error.message : "the relay failed to open it; its log says why";
      if (one.problem !== problem) {
        this.#log.warn({ ...about, ...(isTold ? { problem } : { err: error }) }, "a port can't start");
      }
      one.problem = problem;
      throw error;
    }
  }

  async #stop(one: Managed): Promise<void> {
    this.#ports.delete(one.id);
    one.state = "gone";
    const { open } = one;
    one.open = undefined;
    await open?.close();
    await one.starting?.catch(() => {});
  }

  /** Logs the error, because no caller waits for a port that ends by itself. */
  #logFailedStop(one: Managed, error: unknown): void {
    this.#log.error({ port: one.id, err: error }, "a port failed to end");
  }

  /** Throws if a gateway's address is one that the network may give to a device. */
  #demandGateways({ network, config }: Managed): void {
    for (const text of config.kind === "gre" ? config.gateways : []) {
      const cidr = parseCidr(text);
      if (cidr === undefined || !this.#tenants.addresses.isForDevices(network, cidr.address)) continue;
      throw new Fault({
        code: "port.gateway",
        message: `${formatAddress(cidr.address)} is an address that '${network.name}' gives to devices`,
        hint: "Name the hub's own address with --gateway, the subnet's first, or reserve this one: 'laneway address reserve'.",
      });
    }
  }

  #tend(): void {
    for (const one of this.#ports.values()) {
      one.open?.tend();
      if (one.state === "failed") this.#begin(one).catch(() => {});
    }
  }
}

const NEW = { state: "starting", problem: undefined, open: undefined, starting: undefined } as const;

function isOfTenant(revocation: Revocation, tenant: string): boolean {
  return revocation.kind === "tenant" && revocation.name === tenant;
}

/** A function, because the state may have changed during a wait. */
function isGone({ state }: Managed): boolean {
  return state === "gone";
}

/** Returns a port in the form that the API shows. */
function viewOf({ id, network, config, state, problem, open }: Managed): PortView {
  const port = open?.port;
  const shown = {
    id,
    network: network.name,
    tenant: network.tenant,
    state: port?.cut === true ? ("cut" as const) : state,
    problem: problem ?? null,
    frame_bytes: port?.frameBytes ?? null,
    rx_frames: port?.rxFrames ?? 0,
    rx_bytes: port?.rxBytes ?? 0,
    tx_frames: port?.txFrames ?? 0,
    tx_bytes: port?.txBytes ?? 0,
    drops: port?.drops.toJSON() ?? {},
    socket_drops: open?.endpoint.drops.toJSON() ?? {},
    vteps: [...(open?.remotes?.places() ?? [])].map(([mac, { address }]) => ({
      mac: formatMac(mac),
      remote: address,
    })),
  };
  if (config.kind === "vxlan") return { ...config, ...shown, wire_vni: config.wire_vni ?? network.vni };
  return { ...config, ...shown };
}
