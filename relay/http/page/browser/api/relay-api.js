/** @import * as Api from "./answers.ts" */
/** @import { Problem } from "./problem.js" */
import { path, Requests } from "./requests.js";
import { auditQuery, TenantApi } from "./tenant-api.js";

/** The relay's API as the page uses it. Every call can be aborted, and throws a Problem that tells why it failed. */
export class RelayApi {
  #requests;

  /**
   * @param {string} token
   * @param {(problem: Problem) => void} refused told when the token is no longer good
   */
  constructor(token, refused) {
    this.#requests = new Requests(token, refused);
  }

  /** @param {AbortSignal} signal */
  async me(signal) {
    return /** @type {Api.Me} */ (await this.#requests.get("me", signal));
  }

  /** @param {AbortSignal} signal */
  async tenants(signal) {
    return /** @type {Api.Rows<Api.Tenant>} */ (await this.#requests.list("tenants", signal));
  }

  /**
   * @param {string} name
   * @param {AbortSignal} signal
   */
  async createTenant(name, signal) {
    await this.#requests.send("POST", "tenants", { name }, signal);
  }

  /**
   * @param {string} name
   * @param {AbortSignal} signal
   */
  async deleteTenant(name, signal) {
    await this.#requests.send("DELETE", path("tenants", name), undefined, signal);
  }

  /**
   * What happened in the whole relay, the newest first.
   *
   * @param {number | undefined} since seconds
   * @param {AbortSignal} signal
   */
  async audit(since, signal) {
    const rows = await this.#requests.list(`audit${auditQuery(since)}`, signal);
    return /** @type {Api.Rows<Api.AuditEntry>} */ (rows);
  }

  /** @param {string} name */
  tenant(name) {
    return new TenantApi(this.#requests, name);
  }
}
