import { formatMac } from "../../frame/mac.ts";
import type { SegmentNotice } from "../notice.ts";
import type { Port } from "../port.ts";
import type { History, MacTableEntry } from "./mac-entry.ts";

/** The address that QEMU gives to every machine by default: 52:54:00:12:34:56. */
const QEMU_DEFAULT_MAC = 0x5254_0012_3456;

/** Seconds between two notices about one address. */
const REPEAT_SECONDS = 300;

/** Greatest number of notices that one port may cause in {@link WINDOW_SECONDS}. */
export const NOTICES_PER_PORT = 10;
const WINDOW_SECONDS = 60;

/** Limits the notices that each port causes in a minute. */
export class CausedNotices {
  readonly #caused = new Map<Port, number>();
  #windowEnd = Number.NEGATIVE_INFINITY;

  /** Counts a notice that a port causes. @returns whether to give it */
  take(cause: Port, now: number): boolean {
    if (now >= this.#windowEnd) {
      this.#caused.clear();
      this.#windowEnd = now + WINDOW_SECONDS;
    }
    const caused = this.#caused.get(cause) ?? 0;
    if (caused >= NOTICES_PER_PORT) return false;
    this.#caused.set(cause, caused + 1);
    return true;
  }

  detach(port: Port): void {
    this.#caused.delete(port);
  }
}

/** Gives notice of MAC addresses that are used in two places. */
export class DuplicateMacs {
  readonly #notice: ((notice: SegmentNotice) => void) | undefined;
  readonly #caused = new CausedNotices();

  constructor(notice: ((notice: SegmentNotice) => void) | undefined) {
    this.#notice = notice;
  }

  /** Reports an address that keeps moving and is held at a port now. */
  frozen(entry: MacTableEntry, history: History, from: Port, to: Port, moves: number, now: number): void {
    const holder = history.home ?? from;
    const message =
      `${formatMac(entry.mac)} moved ${moves} times without settling, last from ${from.id} to ${to.id}: ` +
      "two machines use this address, or something bridges the two places. " +
      `It stays at ${holder.id} while it is heard there; give one machine another address, or undo the bridge.`;
    this.#tell(history, to, [from, to, holder], message, now);
  }

  /** Reports an address that is registered or static at one port and used at another. */
  kept(entry: MacTableEntry, history: History | undefined, other: Port, now: number): void {
    const { port, kind } = entry;
    const why = kind === "static" ? "static" : "in use";
    const message =
      `${formatMac(entry.mac)} is ${why} at ${port?.id}, and another machine at ${other.id} uses it too. ` +
      `It stays at ${port?.id}: give the machine at ${other.id} another address.` +
      (entry.mac === QEMU_DEFAULT_MAC
        ? ` QEMU gives all machines this one: start it with "mac=52:54:00:…".`
        : "");
    this.#tell(history, other, port === undefined ? [other] : [port, other], message, now);
  }

  detach(port: Port): void {
    this.#caused.detach(port);
  }

  #tell(
    history: History | undefined,
    cause: Port,
    ports: readonly Port[],
    message: string,
    now: number,
  ): void {
    if (this.#notice === undefined) return;
    if (history !== undefined && now - history.toldAt < REPEAT_SECONDS) return;
    if (!this.#caused.take(cause, now)) return;
    if (history !== undefined) history.toldAt = now;
    this.#notice({ code: "duplicate-mac", message, ports: [...new Set(ports)] });
  }
}
