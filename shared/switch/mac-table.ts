import type { Port } from "./port.ts";

/** How an entry came about: by a frame's source address, or said by an operator or the machine's VTEP. */
export type EntryKind = "learned" | "static" | "registered";

export interface MacEntry {
  /** The address, 48 bits. */
  readonly mac: number;
  /** Where the machine is; undefined once the entry was removed. */
  port: Port | undefined;
  readonly kind: EntryKind;
  /** When a frame came from there last, in the segment's seconds. */
  seenAt: number;
}

/** Seconds after which an address that stays silent is forgotten (IEEE 802.1D's default). */
export const AGEING_SECONDS = 300;

/** What {@link MacTable.learn} did with a source address. */
export type Learned = "known" | "new" | "moved" | "over-limit";

/** The forwarding table (FDB) of one segment: where each MAC address was seen last. */
export class MacTable {
  readonly #entries = new Map<number, MacEntry>();

  get size(): number {
    return this.#entries.size;
  }

  /** The port behind which this address is; the one `Map` look-up of a known unicast frame. */
  lookup(mac: number): Port | undefined {
    return this.#entries.get(mac)?.port;
  }

  /**
   * Notes that a frame from `mac` came in at `port`: the newest place wins at once (mobility).
   *
   * @param now the segment's clock, in seconds
   */
  learn(mac: number, port: Port, now: number): Learned {
    const entry = this.#entries.get(mac);
    if (entry?.port === port) {
      entry.seenAt = now;
      port.lastSource = entry;
      return "known";
    }
    if (port.macs.used >= port.macs.limit) return "over-limit";
    if (entry !== undefined) this.#detach(entry);
    const learned: MacEntry = { mac, port, kind: "learned", seenAt: now };
    this.#entries.set(mac, learned);
    port.macs.used++;
    port.lastSource = learned;
    return entry === undefined ? "new" : "moved";
  }

  /** Forgets what has been silent for {@link AGEING_SECONDS}. */
  age(now: number): void {
    for (const entry of this.#entries.values()) {
      if (now - entry.seenAt >= AGEING_SECONDS) this.#remove(entry);
    }
  }

  /** Forgets everything behind a port that is gone. */
  forget(port: Port): void {
    for (const entry of this.#entries.values()) {
      if (entry.port === port) this.#remove(entry);
    }
  }

  entries(): IterableIterator<MacEntry> {
    return this.#entries.values();
  }

  #remove(entry: MacEntry): void {
    this.#entries.delete(entry.mac);
    this.#detach(entry);
  }

  #detach(entry: MacEntry): void {
    if (entry.port === undefined) return;
    entry.port.macs.used--;
    if (entry.port.lastSource === entry) entry.port.lastSource = undefined;
    entry.port = undefined;
  }
}
