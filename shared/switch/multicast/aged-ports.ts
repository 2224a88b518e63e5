import type { Port } from "../port.ts";

/** Ports that something is known of for a time. */
export class AgedPorts {
  readonly #until = new Map<Port, number>();
  #ports: ReadonlySet<Port> = new Set();

  /** Those at present: another set after every change, so it may be kept and compared. */
  get ports(): ReadonlySet<Port> {
    return this.#ports;
  }

  /** Keeps a port until then, or longer if that was said before. */
  keep(port: Port, until: number): void {
    const before = this.#until.get(port);
    this.#until.set(port, Math.max(before ?? until, until));
    if (before === undefined) this.#ports = new Set(this.#until.keys());
  }

  tick(now: number): void {
    for (const [port, until] of this.#until) {
      if (now >= until) this.detach(port);
    }
  }

  detach(port: Port): void {
    if (this.#until.delete(port)) this.#ports = new Set(this.#until.keys());
  }
}
