import type { Me } from "../../../../shared/api/resources/admin.ts";
import type { RelayAuditEntry } from "../../../../shared/api/resources/audit.ts";
import type { Tenant } from "../../../../shared/api/resources/tenant.ts";
import type { Problem } from "./problem.ts";
import { path, Requests, type Rows } from "./requests.ts";
import { auditQuery, TenantApi } from "./tenant-api.ts";

/** The relay's API as the page uses it. Every call can be aborted, and throws a Problem if it fails. */
export class RelayApi {
  #requests;

  /** @param refused called when the token is no longer valid */
  constructor(token: string, refused: (problem: Problem) => void) {
    this.#requests = new Requests(token, refused);
  }

  async me(signal: AbortSignal) {
    return (await this.#requests.get("me", signal)) as Me;
  }

  async tenants(signal: AbortSignal) {
    return (await this.#requests.list("tenants", signal)) as Rows<Tenant>;
  }

  async createTenant(name: string, signal: AbortSignal) {
    await this.#requests.send("POST", "tenants", { name }, signal);
  }

  async deleteTenant(name: string, signal: AbortSignal) {
    await this.#requests.send("DELETE", path("tenants", name), undefined, signal);
  }

  /**
   * Returns the whole relay's audit log, newest first.
   *
   * @param since seconds before now
   */
  async audit(since: number | undefined, signal: AbortSignal) {
    const rows = await this.#requests.list(`audit${auditQuery(since)}`, signal);
    return rows as Rows<RelayAuditEntry>;
  }

  tenant(name: string) {
    return new TenantApi(this.#requests, name);
  }
}
