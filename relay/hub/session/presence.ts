import type { Grant } from "../../model/grants.ts";
import type { Session } from "./session.ts";

/** Devices noted in one transaction. */
const SEEN_AT_ONCE = 500;

/** Presence of devices: each one's session, sessions of each tenant, and devices seen since the last note. */
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
    // A newer session may have replaced it.
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

  /**
   * Notes devices that came or went. They are noted together, because each write reaches the disk, and in bounded
   * numbers, because a crowd may come at once.
   *
   * @param note returns whether the devices were noted; if not, they stay for the next time
   */
  noteSeen(note: (devices: readonly string[]) => boolean, most = SEEN_AT_ONCE): void {
    if (this.#seen.size === 0) return;
    const some = [...this.#seen].slice(0, most);
    if (!note(some)) return;
    for (const device of some) this.#seen.delete(device);
  }
}
