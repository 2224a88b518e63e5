/** @import * as Api from "./answers.ts" */
/** @import { Requests } from "./requests.js" */
import { NetworkApi } from "./network-api.js";
import { path } from "./requests.js";

/** What is one tenant's. */
export class TenantApi {
  #requests;
  #tenant;

  /**
   * @param {Requests} requests
   * @param {string} tenant
   */
  constructor(requests, tenant) {
    this.#requests = requests;
    this.#tenant = tenant;
  }

  /** @param {AbortSignal} signal */
  async networks(signal) {
    return /** @type {Api.Rows<Api.Network>} */ (await this.#list("networks", signal));
  }

  /**
   * @param {object} request
   * @param {AbortSignal} signal
   */
  async createNetwork(request, signal) {
    return /** @type {Api.Network} */ (await this.#create("networks", request, signal));
  }

  /** @param {AbortSignal} signal */
  async devices(signal) {
    return /** @type {Api.Rows<Api.Device>} */ (await this.#list("devices", signal));
  }

  /** @param {AbortSignal} signal */
  async invites(signal) {
    return /** @type {Api.Rows<Api.Invite>} */ (await this.#list("invites", signal));
  }

  /**
   * @param {object} request
   * @param {AbortSignal} signal
   */
  async createInvite(request, signal) {
    return /** @type {Api.NewInvite} */ (await this.#create("invites", request, signal));
  }

  /**
   * @param {string} id
   * @param {boolean} devices also those that it let in
   * @param {AbortSignal} signal
   */
  async revokeInvite(id, devices, signal) {
    const at = path("tenants", this.#tenant, "invites", id);
    await this.#requests.send("DELETE", `${at}?devices=${devices}`, undefined, signal);
  }

  /** @param {AbortSignal} signal */
  async tokens(signal) {
    return /** @type {Api.Rows<Api.Token>} */ (await this.#list("tokens", signal));
  }

  /** @param {AbortSignal} signal */
  async admins(signal) {
    return /** @type {Api.Rows<Api.Admin>} */ (await this.#list("admins", signal));
  }

  /**
   * @param {"tokens" | "admins"} kind
   * @param {object} request
   * @param {AbortSignal} signal
   */
  async createSecret(kind, request, signal) {
    return /** @type {Api.Secret} */ (await this.#create(kind, request, signal));
  }

  /**
   * @param {"networks" | "devices" | "tokens" | "admins"} kind
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async remove(kind, id, signal) {
    await this.#requests.send("DELETE", path("tenants", this.#tenant, kind, id), undefined, signal);
  }

  /** @param {AbortSignal} signal */
  async usage(signal) {
    return /** @type {Api.Usage} */ (
      await this.#requests.get(path("tenants", this.#tenant, "usage"), signal)
    );
  }

  /** @param {AbortSignal} signal */
  async limits(signal) {
    return /** @type {Api.Limits} */ (
      await this.#requests.get(path("tenants", this.#tenant, "limits"), signal)
    );
  }

  /**
   * @param {Partial<Api.Limits>} changes
   * @param {AbortSignal} signal
   */
  async changeLimits(changes, signal) {
    await this.#requests.send("PATCH", path("tenants", this.#tenant, "limits"), changes, signal);
  }

  /** @param {AbortSignal} signal */
  async notices(signal) {
    return /** @type {Api.Rows<Api.Notice>} */ (await this.#list("notices", signal));
  }

  /**
   * The newest first.
   *
   * @param {number | undefined} since seconds
   * @param {AbortSignal} signal
   */
  async audit(since, signal) {
    return /** @type {Api.Rows<Api.AuditEntry>} */ (await this.#list(`audit${auditQuery(since)}`, signal));
  }

  /** @param {string} name */
  network(name) {
    return new NetworkApi(this.#requests, path("tenants", this.#tenant, "networks", name));
  }

  /**
   * @param {string} what with its query
   * @param {AbortSignal} signal
   */
  #list(what, signal) {
    return this.#requests.list(`${path("tenants", this.#tenant)}/${what}`, signal);
  }

  /**
   * @param {string} kind
   * @param {object} request
   * @param {AbortSignal} signal
   */
  #create(kind, request, signal) {
    return this.#requests.send("POST", path("tenants", this.#tenant, kind), request, signal);
  }
}

/**
 * @param {number | undefined} since seconds before now
 */
export function auditQuery(since) {
  return since === undefined ? "?order=newest" : `?order=newest&since=${since}`;
}
