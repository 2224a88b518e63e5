import type { PortRecord } from "../../model/model.ts";
import type { Sql } from "../sql.ts";

/** The ports of networks on the underlay, each as the JSON of its request. */
export class PortTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Stores a port. The network must exist. */
  create({ id, tenant, network, config }: PortRecord): void {
    this.#sql.run(
      `INSERT INTO ports (id, network_id, config)
       VALUES (?, (SELECT id FROM networks WHERE tenant = ? AND name = ?), ?)`,
      id,
      tenant,
      network,
      JSON.stringify(config),
    );
  }

  /** Returns the ports of all networks, in order of creation. */
  all(): PortRecord[] {
    return this.#sql
      .all(
        `SELECT ports.id AS id, tenant, name, config FROM ports JOIN networks ON networks.id = network_id
         ORDER BY ports.rowid`,
      )
      .map((row) => ({
        id: String(row["id"]),
        tenant: String(row["tenant"]),
        network: String(row["name"]),
        config: JSON.parse(String(row["config"])) as unknown,
      }));
  }

  delete(networkId: number, id: string): boolean {
    return this.#sql.run("DELETE FROM ports WHERE id = ? AND network_id = ?", id, networkId) > 0;
  }
}
