import type { Invite, NewInvite } from "../../model/model.ts";
import { BEGINNING, type Part, type TimeKey, WHOLE } from "../../model/part.ts";
import { optionalNumber, type Row, type Sql } from "../sql.ts";

const INVITES = `
  SELECT invites.*, networks.name AS network, networks.tenant AS tenant
  FROM invites JOIN networks ON networks.id = invites.network_id`;

/** Invites, and the keys that used them. */
export class InviteTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  create({ id, networkId, hash, uses, macs, createdAt, expiresAt }: NewInvite): void {
    this.#sql.run(
      "INSERT INTO invites (id, network_id, hash, uses, macs, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      id,
      networkId,
      hash,
      uses,
      macs ?? null,
      createdAt,
      expiresAt,
    );
  }

  /** Returns the invites that are not revoked, the oldest first. */
  of(tenant: string, { after = BEGINNING, limit }: Part<TimeKey> = WHOLE): Invite[] {
    return this.#sql
      .all(
        `${INVITES} WHERE tenant = ? AND revoked_at IS NULL AND (created_at, invites.id) > (?, ?)
         ORDER BY created_at, invites.id LIMIT ?`,
        tenant,
        ...after,
        limit,
      )
      .map(toInvite);
  }

  byHash(hash: string): Invite | undefined {
    const row = this.#sql.get(`${INVITES} WHERE invites.hash = ?`, hash);
    return row === undefined ? undefined : toInvite(row);
  }

  /** Returns how many of a tenant's invites still admit a device. */
  countOutstanding(tenant: string, now: number): number {
    const row = this.#sql.get(
      `SELECT COUNT(*) AS count FROM (${INVITES})
       WHERE tenant = ? AND revoked_at IS NULL AND used < uses AND expires_at > ?`,
      tenant,
      now,
    );
    return Number(row?.["count"]);
  }

  /** Forgets a tenant's invites that admit no more devices and have none left: all except the newest `keep`. */
  trim(tenant: string, now: number, keep: number): void {
    this.#sql.run(
      `DELETE FROM invites WHERE id IN (
         SELECT invites.id FROM invites JOIN networks ON networks.id = network_id
         WHERE tenant = ? AND (revoked_at IS NOT NULL OR used >= uses OR expires_at <= ?)
         AND NOT EXISTS (SELECT 1 FROM enrolments WHERE invite_id = invites.id AND device_id IS NOT NULL)
         ORDER BY created_at DESC, invites.id DESC LIMIT -1 OFFSET ?
       )`,
      tenant,
      now,
      keep,
    );
  }

  /** Revokes an invite. @returns false if it does not exist or was already revoked */
  revoke(tenant: string, id: string, now: number): boolean {
    return (
      this.#sql.run(
        `UPDATE invites SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL
         AND network_id IN (SELECT id FROM networks WHERE tenant = ?)`,
        now,
        id,
        tenant,
      ) > 0
    );
  }

  /** Counts a use by this key. */
  use(id: string, publicKey: string, device: string): void {
    this.#sql.run("UPDATE invites SET used = used + 1 WHERE id = ?", id);
    this.#sql.run(
      "INSERT INTO enrolments (invite_id, public_key, device_id) VALUES (?, ?, ?)",
      id,
      publicKey,
      device,
    );
  }

  /**
   * Returns the device that a key became by an invite; `device` is absent if it was revoked since.
   *
   * @returns undefined if the key never used the invite
   */
  usedBy(id: string, publicKey: string): { readonly device: string | undefined } | undefined {
    const row = this.#sql.get(
      "SELECT device_id FROM enrolments WHERE invite_id = ? AND public_key = ?",
      id,
      publicKey,
    );
    if (row === undefined) return undefined;
    return { device: row["device_id"] === null ? undefined : String(row["device_id"]) };
  }

  /** Returns the devices that enrolled by an invite and still exist. */
  devicesBy(id: string): string[] {
    return this.#sql
      .all("SELECT device_id FROM enrolments WHERE invite_id = ? AND device_id IS NOT NULL", id)
      .map((row) => String(row["device_id"]));
  }
}

function toInvite(row: Row): Invite {
  return {
    id: String(row["id"]),
    tenant: String(row["tenant"]),
    network: String(row["network"]),
    networkId: Number(row["network_id"]),
    uses: Number(row["uses"]),
    used: Number(row["used"]),
    macs: optionalNumber(row, "macs"),
    createdAt: Number(row["created_at"]),
    expiresAt: Number(row["expires_at"]),
    revokedAt: optionalNumber(row, "revoked_at"),
  };
}
