import { Fault } from "../../../shared/values/fault.ts";
import type { Limits } from "../../tenants/limits.ts";

/** Maximum number of captures that run at a time in the whole relay. */
const CAPTURES = 256;
/** Maximum bytes that wait for the readers of all captures together. */
const WAITING_BYTES = 16 * 1024 * 1024;

/** Bytes that wait for the readers of all captures. */
export class CaptureMemory {
  readonly #bytes: number;
  #used = 0;

  constructor(bytes = WAITING_BYTES) {
    this.#bytes = bytes;
  }

  get used(): number {
    return this.#used;
  }

  hasRoom(bytes: number): boolean {
    return this.#used + bytes <= this.#bytes;
  }

  /** Adds bytes that wait, or removes them if negative. */
  change(bytes: number): void {
    this.#used += bytes;
  }
}

/** Limits the number of captures of each tenant and of the relay, and the memory of all of them. */
export class CaptureBudget {
  readonly memory = new CaptureMemory();
  readonly #limits: Limits;
  readonly #tenants = new Map<string, number>();
  #all = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Returns the number of a tenant's running captures. */
  of(tenant: string): number {
    return this.#tenants.get(tenant) ?? 0;
  }

  /**
   * Counts one more capture of a tenant.
   *
   * @returns a function that releases its place; further calls do nothing
   * @throws Fault `limit.captures`, `capture.too-many`
   */
  enter(tenant: string): () => void {
    this.#limits.demand(tenant, "captures", this.of(tenant));
    if (this.#all >= CAPTURES) {
      throw new Fault({
        code: "capture.too-many",
        message: `${CAPTURES} captures are running in this relay, which is the maximum`,
        hint: "Wait until one has ended.",
      });
    }
    this.#all++;
    this.#tenants.set(tenant, (this.#tenants.get(tenant) ?? 0) + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#all--;
      const left = (this.#tenants.get(tenant) ?? 0) - 1;
      if (left > 0) this.#tenants.set(tenant, left);
      else this.#tenants.delete(tenant);
    };
  }
}
