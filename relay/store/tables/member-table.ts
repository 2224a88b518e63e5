import type { Row, Sql } from "../sql.ts";

/** A device of a network, by its name there. */
export interface NamedMember {
  /** The DNS label. */
  readonly label: string;
  /** IPv4; absent if it has none. */
  readonly address: number | undefined;
  /** IPv6, in the form of RFC 5952. */
  readonly address6: string | undefined;
}

/** A device on a network that has no label there yet. */
export interface Nameless {
  readonly device: string;
  /** The name that the device chose. */
  readonly name: string;
}

const MEMBERS = `
  SELECT label, address6, addresses.address FROM memberships
  LEFT JOIN addresses USING (network_id, device_id)`;

/** The labels and IPv6 addresses of devices in their networks. */
export class MemberTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Returns a device's address. @returns undefined if it has none, or is not on the network */
  address6Of(networkId: number, device: string): string | undefined {
    const sql = "SELECT address6 FROM memberships WHERE network_id = ? AND device_id = ?";
    const address = this.#sql.get(sql, networkId, device)?.["address6"];
    return typeof address === "string" ? address : undefined;
  }

  /** Returns the device that has an IPv6 address, in the form of RFC 5952. */
  ownerOf6(networkId: number, address: string): string | undefined {
    const sql = "SELECT device_id FROM memberships WHERE network_id = ? AND address6 = ?";
    const device = this.#sql.get(sql, networkId, address)?.["device_id"];
    return typeof device === "string" ? device : undefined;
  }

  /** Returns a device's IPv6 addresses, by the ids of their networks. */
  addresses6Of(device: string): Map<number, string> {
    const sql = "SELECT network_id, address6 FROM memberships WHERE device_id = ? AND address6 IS NOT NULL";
    return new Map(
      this.#sql.all(sql, device).map((row) => [Number(row["network_id"]), String(row["address6"])]),
    );
  }

  /** Gives an address. @returns false if another device has it, or this one already has one */
  giveAddress6(networkId: number, device: string, address: string): boolean {
    const sql =
      "UPDATE OR IGNORE memberships SET address6 = ? WHERE network_id = ? AND device_id = ? AND address6 IS NULL";
    return this.#sql.run(sql, address, networkId, device) > 0;
  }

  /** Gives a label. @returns false if another device has it, or this one already has one */
  giveLabel(networkId: number, device: string, label: string): boolean {
    const sql =
      "UPDATE OR IGNORE memberships SET label = ? WHERE network_id = ? AND device_id = ? AND label IS NULL";
    return this.#sql.run(sql, label, networkId, device) > 0;
  }

  /** Returns at most `limit` devices without a label, the oldest first. */
  nameless(networkId: number, limit: number): Nameless[] {
    return this.#sql
      .all(
        `SELECT devices.id, devices.name FROM memberships JOIN devices ON devices.id = device_id
         WHERE network_id = ? AND label IS NULL ORDER BY created_at, devices.id LIMIT ?`,
        networkId,
        limit,
      )
      .map((row) => ({ device: String(row["id"]), name: String(row["name"]) }));
  }

  /** Returns every label of a network. */
  labels(networkId: number): Set<string> {
    // One text, because a row for each costs several times as much.
    const sql =
      "SELECT json_group_array(label) AS list FROM memberships WHERE network_id = ? AND label IS NOT NULL";
    return new Set(JSON.parse(String(this.#sql.get(sql, networkId)?.["list"])) as string[]);
  }

  byLabel(networkId: number, label: string): NamedMember | undefined {
    return toMember(this.#sql.get(`${MEMBERS} WHERE network_id = ? AND label = ?`, networkId, label));
  }

  byAddress(networkId: number, address: number): NamedMember | undefined {
    const where = "WHERE memberships.network_id = ? AND addresses.address = ? AND label IS NOT NULL";
    return toMember(this.#sql.get(`${MEMBERS} ${where}`, networkId, address));
  }

  byAddress6(networkId: number, address: string): NamedMember | undefined {
    const where = "WHERE network_id = ? AND address6 = ? AND label IS NOT NULL";
    return toMember(this.#sql.get(`${MEMBERS} ${where}`, networkId, address));
  }
}

function toMember(row: Row | undefined): NamedMember | undefined {
  if (row === undefined) return undefined;
  const { label, address, address6 } = row;
  return {
    label: String(label),
    address: typeof address === "number" ? address : undefined,
    address6: typeof address6 === "string" ? address6 : undefined,
  };
}
