import type { TakenAddress } from "../../model/model.ts";
import { optionalText, type Row, type Sql } from "../sql.ts";

/** The taken addresses of networks. */
export class AddressTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Takes an address. A device must not have one in that network yet.
   *
   * @returns false if the address is taken
   */
  take({ networkId, address, device, fixed }: TakenAddress): boolean {
    const sql =
      "INSERT INTO addresses (network_id, address, device_id, fixed) VALUES (?, ?, ?, ?) ON CONFLICT (network_id, address) DO NOTHING";
    const taken = this.#sql.run(sql, networkId, address, device ?? null, fixed ? 1 : 0) > 0;
    if (taken) {
      const forget = "DELETE FROM released_addresses WHERE network_id = ? AND address = ?";
      this.#sql.run(forget, networkId, address);
    }
    return taken;
  }

  /** Returns a network's taken addresses, in order. */
  of(networkId: number): TakenAddress[] {
    return this.#sql
      .all(
        `SELECT addresses.*, address6 FROM addresses
         LEFT JOIN memberships USING (network_id, device_id) WHERE network_id = ? ORDER BY address`,
        networkId,
      )
      .map(toAddress);
  }

  at(networkId: number, address: number): TakenAddress | undefined {
    const sql = "SELECT * FROM addresses WHERE network_id = ? AND address = ?";
    const row = this.#sql.get(sql, networkId, address);
    return row === undefined ? undefined : toAddress(row);
  }

  ofDevice(networkId: number, device: string): TakenAddress | undefined {
    const sql = "SELECT * FROM addresses WHERE network_id = ? AND device_id = ?";
    const row = this.#sql.get(sql, networkId, device);
    return row === undefined ? undefined : toAddress(row);
  }

  /** Returns a device's addresses, by the ids of their networks. */
  allOfDevice(device: string): Map<number, number> {
    const rows = this.#sql.all("SELECT network_id, address FROM addresses WHERE device_id = ?", device);
    return new Map(rows.map((row) => [Number(row["network_id"]), Number(row["address"])]));
  }

  release(networkId: number, address: number): boolean {
    const sql = "DELETE FROM addresses WHERE network_id = ? AND address = ?";
    return this.#sql.run(sql, networkId, address) > 0;
  }

  /** Returns every taken address. */
  taken(networkId: number): Set<number> {
    return this.#set(
      "SELECT json_group_array(address) AS list FROM addresses WHERE network_id = ?",
      networkId,
    );
  }

  /** Returns every address that is taken, was released, or was seen in use. */
  known(networkId: number): Set<number> {
    return this.#set(
      `SELECT json_group_array(address) AS list FROM (
         SELECT address FROM addresses WHERE network_id = ?1
         UNION ALL SELECT address FROM released_addresses WHERE network_id = ?1
         UNION ALL SELECT address FROM used_addresses WHERE network_id = ?1
       )`,
      networkId,
    );
  }

  /** Returns the number of addresses that an administrator reserved in a tenant's networks. */
  countReserved(tenant: string): number {
    const row = this.#sql.get(
      `SELECT COUNT(*) AS count FROM addresses JOIN networks ON networks.id = network_id
       WHERE tenant = ? AND device_id IS NULL`,
      tenant,
    );
    return Number(row?.["count"]);
  }

  /** Forgets the earliest released addresses, except for the newest `keep`. */
  trimReleased(networkId: number, keep: number): void {
    this.#sql.run(
      `DELETE FROM released_addresses WHERE network_id = ?1 AND id <= (
         SELECT id FROM released_addresses WHERE network_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2
       )`,
      networkId,
      keep,
    );
  }

  /** Returns released addresses that no machine uses, from `first` to `last`: the earliest released first. */
  released(networkId: number, first: number, last: number): number[] {
    return this.#sql
      .all(
        `SELECT address FROM released_addresses WHERE network_id = ?1 AND address BETWEEN ?2 AND ?3
         AND address NOT IN (SELECT address FROM used_addresses WHERE network_id = ?1) ORDER BY id`,
        networkId,
        first,
        last,
      )
      .map((row) => Number(row["address"]));
  }

  /** Reads one text, because a row for each costs several times as much. */
  #set(sql: string, networkId: number): Set<number> {
    const list = this.#sql.get(sql, networkId)?.["list"];
    return new Set(JSON.parse(String(list)) as number[]);
  }
}

function toAddress(row: Row): TakenAddress {
  return {
    networkId: Number(row["network_id"]),
    address: Number(row["address"]),
    device: optionalText(row, "device_id"),
    fixed: row["fixed"] === 1,
    address6: optionalText(row, "address6"),
  };
}
