import type { Device } from "../../model/model.ts";
import { BEGINNING, type Part, type TimeKey, WHOLE } from "../../model/part.ts";
import { optionalNumber, type Row, type Sql } from "../sql.ts";

/** Devices, and their memberships in networks. */
export class DeviceTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  create({ id, tenant, name, publicKey, createdAt }: Omit<Device, "lastSeen">): void {
    this.#sql.run(
      "INSERT INTO devices (id, tenant, name, public_key, created_at) VALUES (?, ?, ?, ?, ?)",
      id,
      tenant,
      name,
      publicKey,
      createdAt,
    );
  }

  /** Returns a tenant's devices, the oldest first. */
  of(tenant: string, { after = BEGINNING, limit }: Part<TimeKey> = WHOLE): Device[] {
    return this.#sql
      .all(
        `SELECT * FROM devices WHERE tenant = ? AND (created_at, id) > (?, ?)
         ORDER BY created_at, id LIMIT ?`,
        tenant,
        ...after,
        limit,
      )
      .map(toDevice);
  }

  byId(id: string): Device | undefined {
    const row = this.#sql.get("SELECT * FROM devices WHERE id = ?", id);
    return row === undefined ? undefined : toDevice(row);
  }

  /** Returns a device with its maximum numbers of MAC addresses, by the ids of the networks whose invites set one. */
  withMacs(id: string): { readonly device: Device; readonly macs: Map<number, number> } | undefined {
    // One statement for both, because every hello needs them.
    const row = this.#sql.get(
      `SELECT *, (SELECT json_group_object(network_id, macs) FROM memberships
         WHERE device_id = devices.id AND macs IS NOT NULL) AS macs
       FROM devices WHERE id = ?`,
      id,
    );
    if (row === undefined) return undefined;
    const macs = Object.entries(JSON.parse(String(row["macs"])) as Record<string, number>);
    return { device: toDevice(row), macs: new Map(macs.map(([network, most]) => [Number(network), most])) };
  }

  byKey(tenant: string, publicKey: string): Device | undefined {
    const row = this.#sql.get("SELECT * FROM devices WHERE tenant = ? AND public_key = ?", tenant, publicKey);
    return row === undefined ? undefined : toDevice(row);
  }

  count(tenant: string): number {
    return Number(this.#sql.get("SELECT COUNT(*) AS count FROM devices WHERE tenant = ?", tenant)?.["count"]);
  }

  /** Deletes a device with its memberships and addresses. */
  delete(tenant: string, id: string): boolean {
    return this.#sql.run("DELETE FROM devices WHERE tenant = ? AND id = ?", tenant, id) > 0;
  }

  saw(id: string, now: number): void {
    this.#sql.run("UPDATE devices SET last_seen = ? WHERE id = ?", now, id);
  }

  /**
   * Puts a device on a network. If it is already there, changes only `macs`, if given.
   *
   * @param macs maximum number of its MAC addresses there; undefined for the default limit
   */
  enter(id: string, networkId: number, macs?: number | undefined): void {
    this.#sql.run(
      `INSERT INTO memberships (device_id, network_id, macs) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET macs = COALESCE(excluded.macs, macs)`,
      id,
      networkId,
      macs ?? null,
    );
  }

  isOn(id: string, networkId: number): boolean {
    const sql = "SELECT 1 FROM memberships WHERE device_id = ? AND network_id = ?";
    return this.#sql.get(sql, id, networkId) !== undefined;
  }

  /** Returns the names of a device's networks, in order. */
  networksOf(id: string): string[] {
    return this.#sql
      .all(
        `SELECT networks.name FROM memberships JOIN networks ON networks.id = memberships.network_id
         WHERE device_id = ? ORDER BY networks.name`,
        id,
      )
      .map((row) => String(row["name"]));
  }

  countOn(networkId: number): number {
    return Number(
      this.#sql.get("SELECT COUNT(*) AS count FROM memberships WHERE network_id = ?", networkId)?.["count"],
    );
  }
}

function toDevice(row: Row): Device {
  return {
    id: String(row["id"]),
    tenant: String(row["tenant"]),
    name: String(row["name"]),
    publicKey: String(row["public_key"]),
    createdAt: Number(row["created_at"]),
    lastSeen: optionalNumber(row, "last_seen"),
  };
}
