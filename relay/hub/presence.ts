import type { Grant } from "../tenants/tenants.ts";
import type { Session } from "./session.ts";

/** Who is here: each device's session, how many each tenant has, and who was seen since that was asked last. */
export class Presence {
  readonly #devices = new Map<string, Session>();
  readonly #tenants = new Map<string, number>();
  readonly #seen = new Set<string>();

  enter(session: Session, { device, tenant }: Grant): void {
    this.#tenants.set(tenant, this.sessionsOf(tenant) + 1);
    if (device === undefined) return;
    this.#devices.set(device.id, session);
    this.#seen.add(device.id);
  }

  leave(session: Session, { device, tenant }: Grant): void {
    const left = this.sessionsOf(tenant) - 1;
    if (left > 0) this.#tenants.set(tenant, left);
    else this.#tenants.delete(tenant);
    if (device === undefined) return;
    this.#seen.add(device.id);
    // A newer session may have taken its place.
    if (this.#devices.get(device.id) === session) this.#devices.delete(device.id);
  }

  sessionsOf(tenant: string): number {
    return this.#tenants.get(tenant) ?? 0;
  }

  devicesBySession(): ReadonlyMap<string, string> {
    return new Map([...this.#devices].map(([device, { id }]) => [id, device]));
  }

  ofDevice(device: string): Session | undefined {
    return this.#devices.get(device);
  }

  /** The devices that came or went since this was asked last. */
  takeSeen(): string[] {
    const seen = [...this.#seen];
    this.#seen.clear();
    return seen;
  }
}
