import { formatAddress } from "../../frame/address.ts";
import { formatMac } from "../../frame/mac.ts";
import type { Notice } from "../notice.ts";
import type { Port } from "../port.ts";
import { NOTICE_REPEAT_SECONDS, NOTICE_WINDOW_SECONDS, NOTICES_PER_PORT } from "./limits.ts";
import type { Entry } from "./neighbour-table.ts";

/** One of the machines that claim an address. */
export interface Claimant {
  readonly mac: number;
  readonly port: Port;
}

/** Tells people of addresses that two machines claim: not more often than they can bear. */
export class DuplicateReporter {
  readonly #notice: (notice: Notice) => void;
  /** How many notices each port has caused since the window began. */
  readonly #caused = new Map<Port, number>();
  #windowEnd = Number.NEGATIVE_INFINITY;

  constructor(notice: (notice: Notice) => void) {
    this.#notice = notice;
  }

  /** @param newcomer whose claim made it known */
  report(entry: Entry, owner: Claimant, newcomer: Claimant, now: number): void {
    if (now - entry.noticedAt < NOTICE_REPEAT_SECONDS) return;
    if (now >= this.#windowEnd) {
      this.#caused.clear();
      this.#windowEnd = now + NOTICE_WINDOW_SECONDS;
    }
    const caused = this.#caused.get(newcomer.port) ?? 0;
    if (caused >= NOTICES_PER_PORT) return;
    this.#caused.set(newcomer.port, caused + 1);
    entry.noticedAt = now;
    this.#notice({
      code: "duplicate-address",
      message:
        `${formatAddress(entry.address)} is used by two machines, ${describe(owner)} and ` +
        `${describe(newcomer)}: give one of them another address`,
      ports: [...new Set([owner.port, newcomer.port])],
    });
  }

  detach(port: Port): void {
    this.#caused.delete(port);
  }
}

function describe({ mac, port }: Claimant): string {
  return `${formatMac(mac)} at ${port.id}`;
}
