import { formatAddress } from "../../frame/address.ts";
import { formatMac } from "../../frame/mac.ts";
import type { SegmentNotice } from "../notice.ts";
import { CausedNotices } from "../places/duplicate-notice.ts";
import type { Port } from "../port.ts";
import { NOTICE_REPEAT_SECONDS } from "./limits.ts";
import type { NeighbourEntry } from "./neighbour-entry.ts";
import type { Owner } from "./neighbour-table.ts";

/** Gives notice of IP addresses that two machines claim, at a rate that people can read. */
export class DuplicateReporter {
  readonly #notice: (notice: SegmentNotice) => void;
  readonly #caused = new CausedNotices();

  constructor(notice: (notice: SegmentNotice) => void) {
    this.#notice = notice;
  }

  /** Reports an address. @param newcomer the machine whose claim showed it */
  report(entry: NeighbourEntry, owner: Owner, newcomer: Owner, now: number): void {
    const { dispute } = entry;
    if (dispute !== undefined && now - dispute.noticedAt < NOTICE_REPEAT_SECONDS) return;
    if (!this.#caused.take(newcomer.port, now)) return;
    if (dispute !== undefined) dispute.noticedAt = now;
    this.#notice({
      code: "duplicate-address",
      message:
        `${formatAddress(entry.address)} is used by two machines, ${describe(owner)} and ` +
        `${describe(newcomer)}: give one of them another address`,
      ports: [...new Set([owner.port, newcomer.port])],
    });
  }

  detach(port: Port): void {
    this.#caused.detach(port);
  }
}

function describe({ mac, port }: Owner): string {
  return `${formatMac(mac)} at ${port.id}`;
}
