import type { LimitName } from "../../../shared/api/resources/limits.ts";
import type { Port } from "../../../shared/switch/port.ts";
import type { Network } from "../../model/model.ts";
import type { Limits, Where } from "../../tenants/limits.ts";
import { FairBucket, type Share } from "./fair-bucket.ts";
import { ShareMeter } from "./meter.ts";

/** Burst after silence, in seconds of the rate: enough for TCP to find the rate from below. */
const BURST_SECONDS = 0.25;

/** Minimum burst; otherwise low rates would only pass small frames. */
const LEAST_BURST = { bytes: 65_536, packets: 64 } as const;

/** Seconds for which unused buckets are kept, so that reconnecting does not reset them. */
const KEEP_SECONDS = 60;

/** A limit and its bucket. */
interface Rate {
  readonly name: LimitName;
  readonly where: Where;
  readonly unit: "bytes" | "packets";
  readonly bucket: FairBucket;
}

/** The rates of one network. */
interface NetworkRates {
  readonly rates: readonly Rate[];
  users: number;
  leftAt: number;
}

interface Part extends Rate {
  readonly share: Share;
}

/** Notifies a session of its frames dropped because of a limit. */
export type TellDropped = (name: LimitName, where: Where, dropped: number) => void;

/** The part of a port that rates need, for any kind of port. */
export type MeteredPort = Pick<Port, "meter">;

/**
 * A sender in a tenant's networks, with the same share of the tenant's rates in all of them: a session, or a port on
 * the underlay.
 */
export interface Sender {
  /** Meters the frames that come in at a port. */
  join(port: MeteredPort, network: Network): void;
  leave(vni: number): void;
  /** Ends the sender. */
  end(): void;
}

/** The rates of tenants and of their networks, each shared fairly between their senders. */
export class Rates {
  readonly #limits: Limits;
  readonly #clock: () => number;
  readonly #tenants = new Map<string, TenantRates>();

  /**
   * Creates the rates.
   *
   * @param clock monotonic seconds with fractions
   */
  constructor(limits: Limits, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
    limits.onChanged((tenant) => this.#tenants.get(tenant)?.reset());
  }

  /**
   * Adds a sender.
   *
   * @param owner identifies the sender: the same each time it returns
   */
  openSender(tenant: string, owner: string, tell: TellDropped): Sender {
    let rates = this.#tenants.get(tenant);
    if (rates === undefined) {
      rates = new TenantRates(tenant, this.#limits, this.#clock);
      this.#tenants.set(tenant, rates);
    }
    return rates.openSender(owner, tell);
  }

  /** Notifies sessions and administrators of reached limits. Call it about once a second. */
  tick(): void {
    for (const [tenant, rates] of this.#tenants) {
      rates.tick();
      if (rates.isOver) this.#tenants.delete(tenant);
    }
  }
}

class TenantRates {
  readonly #tenant: string;
  readonly #limits: Limits;
  readonly #clock: () => number;
  readonly #senders = new Set<RatedSender>();
  #own: readonly Rate[];
  /** Network rates by VNI. */
  readonly #networks = new Map<number, NetworkRates>();
  #emptyAt = 0;

  constructor(tenant: string, limits: Limits, clock: () => number) {
    this.#tenant = tenant;
    this.#limits = limits;
    this.#clock = clock;
    this.#own = this.#rates("", {});
  }

  get own(): readonly Rate[] {
    return this.#own;
  }

  of({ vni }: Network): readonly Rate[] {
    return this.#networks.get(vni)?.rates ?? [];
  }

  /** Adds a sender to a network. */
  join({ vni, name }: Network): readonly Rate[] {
    let network = this.#networks.get(vni);
    if (network === undefined) {
      network = { rates: this.#rates("network_", { network: name }), users: 0, leftAt: 0 };
      this.#networks.set(vni, network);
    }
    network.users++;
    return network.rates;
  }

  leave(vni: number): void {
    const network = this.#networks.get(vni);
    if (network === undefined) return;
    network.users--;
    network.leftAt = this.#clock();
  }

  openSender(owner: string, tell: TellDropped): Sender {
    const sender = new RatedSender(this, owner, tell, () => {
      this.#senders.delete(sender);
      this.#emptyAt = this.#clock();
    });
    this.#senders.add(sender);
    return sender;
  }

  /** Applies the current limits. */
  reset(): void {
    this.#own = this.#rates("", {});
    this.#networks.clear();
    for (const sender of this.#senders) sender.reset();
  }

  tick(): void {
    for (const [vni, { rates, users, leftAt }] of this.#networks) {
      if (users === 0 && this.#isOver(rates, leftAt)) this.#networks.delete(vni);
    }
    const dropped = new Map<Rate, number>();
    for (const rate of this.#all()) {
      rate.bucket.tick();
      dropped.set(rate, 0);
    }
    if (dropped.size === 0) return;
    for (const sender of this.#senders) sender.tick(dropped);
    for (const [{ name, where }, count] of dropped) {
      if (count > 0) this.#limits.reached(this.#tenant, name, where, count);
    }
  }

  /** Whether it holds nothing to remember. */
  get isOver(): boolean {
    return this.#senders.size === 0 && this.#networks.size === 0 && this.#isOver(this.#own, this.#emptyAt);
  }

  #isOver({ length }: readonly Rate[], leftAt: number): boolean {
    return length === 0 || this.#clock() - leftAt > KEEP_SECONDS;
  }

  *#all(): Generator<Rate> {
    yield* this.#own;
    for (const { rates } of this.#networks.values()) yield* rates;
  }

  #rates(prefix: "" | "network_", where: Where): Rate[] {
    return (["bytes", "packets"] as const).flatMap((unit) => {
      const name = `${prefix}${unit}_per_second` as const;
      const rate = this.#limits.value(this.#tenant, name, where);
      if (rate === null) return [];
      const burst = Math.max(LEAST_BURST[unit], rate * BURST_SECONDS);
      return { name, where, unit, bucket: new FairBucket(rate, burst, this.#clock) };
    });
  }
}

interface RatedPort {
  readonly port: MeteredPort;
  readonly network: Network;
  readonly parts: readonly Part[];
}

class RatedSender implements Sender {
  readonly #tenant: TenantRates;
  readonly #owner: string;
  readonly #tell: TellDropped;
  readonly #ended: () => void;
  #own: readonly Part[];
  readonly #ports = new Map<number, RatedPort>();

  constructor(tenant: TenantRates, owner: string, tell: TellDropped, ended: () => void) {
    this.#tenant = tenant;
    this.#owner = owner;
    this.#tell = tell;
    this.#ended = ended;
    this.#own = this.#partsOf(tenant.own);
  }

  join(port: MeteredPort, network: Network): void {
    const parts = this.#partsOf(this.#tenant.join(network));
    this.#ports.set(network.vni, { port, network, parts });
    port.meter = meterOf(this.#own, parts);
  }

  leave(vni: number): void {
    const joined = this.#ports.get(vni);
    if (joined === undefined) return;
    this.#ports.delete(vni);
    this.#tenant.leave(vni);
    for (const { bucket, share } of joined.parts) bucket.leave(share);
  }

  end(): void {
    for (const vni of [...this.#ports.keys()]) this.leave(vni);
    for (const { bucket, share } of this.#own) bucket.leave(share);
    this.#ended();
  }

  /** Replaces its shares by those of other buckets. */
  reset(): void {
    this.#own = this.#partsOf(this.#tenant.own);
    for (const { port, network } of this.#ports.values()) this.join(port, network);
  }

  /** Reports how many frames were dropped since the last call, and adds them up in `dropped`. */
  tick(dropped: Map<Rate, number>): void {
    this.#count(this.#own, this.#tenant.own, dropped);
    for (const { network, parts } of this.#ports.values()) {
      this.#count(parts, this.#tenant.of(network), dropped);
    }
  }

  #partsOf(rates: readonly Rate[]): Part[] {
    return rates.map((rate) => ({ ...rate, share: rate.bucket.join(this.#owner) }));
  }

  #count(parts: readonly Part[], rates: readonly Rate[], dropped: Map<Rate, number>): void {
    for (const [i, { name, where, share }] of parts.entries()) {
      const rate = rates[i];
      if (rate === undefined || share.refused === 0) continue;
      dropped.set(rate, (dropped.get(rate) ?? 0) + share.refused);
      this.#tell(name, where, share.refused);
      share.refused = 0;
    }
  }
}

/**
 * Returns the meter.
 *
 * @returns undefined if there is no rate to meter, which then costs nothing
 */
function meterOf(tenant: readonly Part[], network: readonly Part[]): ShareMeter | undefined {
  if (tenant.length + network.length === 0) return undefined;
  const shares = (unit: Rate["unit"]) => ({
    tenant: tenant.find((part) => part.unit === unit)?.share,
    network: network.find((part) => part.unit === unit)?.share,
  });
  return new ShareMeter(shares("bytes"), shares("packets"));
}
