import type { TakenAddress } from "../../model/model.ts";
import type { Sql } from "../sql.ts";

/** An IPv4 address that a machine uses, and the machine's MAC. */
export interface UsedAddress {
  readonly address: number;
  readonly mac: number;
}

/** Addresses that were seen in use although the relay had not given them. */
export class UsedAddressTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Returns a network's used addresses, in order. */
  of(networkId: number): TakenAddress[] {
    return this.#sql
      .all("SELECT * FROM used_addresses WHERE network_id = ? ORDER BY address", networkId)
      .map((row) => ({
        networkId,
        address: Number(row["address"]),
        device: undefined,
        fixed: false,
        mac: Number(row["mac"]),
      }));
  }

  /** Returns the time of each last sighting, seconds since 1970. */
  seen(networkId: number): Map<number, number> {
    const rows = this.#sql.all("SELECT address, seen_at FROM used_addresses WHERE network_id = ?", networkId);
    return new Map(rows.map((row) => [Number(row["address"]), Number(row["seen_at"])]));
  }

  /** Notes a use. @param now seconds since 1970 */
  note(networkId: number, { address, mac }: UsedAddress, now: number): void {
    this.#sql.run("INSERT OR REPLACE INTO used_addresses VALUES (?, ?, ?, ?)", networkId, address, mac, now);
  }

  forget(networkId: number, address: number): boolean {
    const sql = "DELETE FROM used_addresses WHERE network_id = ? AND address = ?";
    return this.#sql.run(sql, networkId, address) > 0;
  }

  /** Forgets addresses not seen since. @param before seconds since 1970 */
  age(networkId: number, before: number): void {
    this.#sql.run("DELETE FROM used_addresses WHERE network_id = ? AND seen_at < ?", networkId, before);
  }
}
