import type { LimitName } from "../../../shared/api/resources/limits.ts";
import { Budget } from "../../../shared/switch/budget.ts";
import { QueueBudget } from "../../../shared/tunnel/queue-budget.ts";
import type { Limits } from "../../tenants/limits.ts";
import { ControlBudget, type ControlRates } from "./control-budget.ts";
import type { LoadLimits } from "./limits.ts";
import { type Turn, Turns } from "./turns.ts";

/** What a tenant may cost the others: its part of the event loop, of the memory and of what the relay says. */
export interface TenantLoad {
  readonly turn: Turn;
  /** Bytes that wait for its receivers. */
  readonly queued: QueueBudget;
  readonly control: ControlBudget;
  /** Networks that its sessions have joined. */
  readonly memberships: Budget;
}

/** The loads of all tenants, and the load of sessions before their hello. */
export class TenantLoads {
  readonly #limits: Limits;
  readonly #clock: () => number;
  readonly #turns = new Turns();
  readonly #queued: QueueBudget;
  readonly #memberships: Budget;
  readonly #loads = new Map<string, TenantLoad>();
  /** Of connections before `welcome`, all together. */
  readonly strangers: TenantLoad;
  /** Of HTTP requests without known credentials, all together. No tenant has such a name. */
  readonly visitors: Turn = this.#turns.of(" visitors");

  /** @param clock seconds with fractions, never going back */
  constructor(limits: Limits, load: LoadLimits, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
    this.#queued = new QueueBudget(() => load.queuedBytes);
    this.#memberships = new Budget(load.memberships);
    this.strangers = {
      turn: this.#turns.of(""),
      queued: new QueueBudget(() => load.strangersBytes, this.#queued),
      control: new ControlBudget(load.strangers, clock),
      memberships: new Budget(0),
    };
    limits.onChanged((tenant) => this.#loads.get(tenant)?.control.reset(this.#ratesOf(tenant)));
  }

  /** Bytes that wait for receivers of all tenants. */
  get queuedBytes(): number {
    return this.#queued.used;
  }

  /** What waits for a tenant's receivers, in bytes, and how many networks its sessions have joined. */
  usedBy(tenant: string): { readonly queued_bytes: number; readonly memberships: number } {
    const load = this.#loads.get(tenant);
    return { queued_bytes: load?.queued.used ?? 0, memberships: load?.memberships.used ?? 0 };
  }

  of(tenant: string): TenantLoad {
    let load = this.#loads.get(tenant);
    if (load === undefined) {
      const limit = () => this.#limits.value(tenant, "queued_bytes", {}) ?? Number.POSITIVE_INFINITY;
      load = {
        turn: this.#turns.of(tenant),
        queued: new QueueBudget(limit, this.#queued),
        control: new ControlBudget(this.#ratesOf(tenant), this.#clock),
        memberships: new Budget(
          () => this.#limits.value(tenant, "memberships", {}) ?? Number.POSITIVE_INFINITY,
          [this.#memberships],
        ),
      };
      this.#loads.set(tenant, load);
    }
    return load;
  }

  /** Has limits that were reached told to the tenants' administrators; to be called about once a second. */
  tick(): void {
    for (const [tenant, { queued, control }] of this.#loads) {
      const delayed = control.takeDelayed();
      this.#reached(tenant, "queued_bytes", queued.takeRefusals());
      this.#reached(tenant, "control_messages_per_second", delayed.messages);
      this.#reached(tenant, "control_bytes_per_second", delayed.bytes);
    }
  }

  #reached(tenant: string, name: LimitName, count: number): void {
    if (count > 0) this.#limits.reached(tenant, name, {}, count);
  }

  /** Forgets tenants without sessions and networks, once nothing of theirs waits. */
  sweep(isNeeded: (tenant: string) => boolean): void {
    for (const [tenant, { turn, queued }] of this.#loads) {
      if (turn.hasWaiting || queued.used > 0 || isNeeded(tenant)) continue;
      this.#loads.delete(tenant);
      this.#turns.forget(tenant);
    }
  }

  close(): void {
    this.#turns.close();
  }

  #ratesOf(tenant: string): ControlRates {
    const rate = (name: "control_messages_per_second" | "control_bytes_per_second") =>
      this.#limits.value(tenant, name, {}) ?? Number.MAX_SAFE_INTEGER;
    return { messages: rate("control_messages_per_second"), bytes: rate("control_bytes_per_second") };
  }
}
