import type * as Api from "./answers.ts";
import { NetworkApi } from "./network-api.ts";
import { path, type Requests } from "./requests.ts";

/** What is one tenant's. */
export class TenantApi {
  #requests;
  #tenant;

  constructor(requests: Requests, tenant: string) {
    this.#requests = requests;
    this.#tenant = tenant;
  }

  async networks(signal: AbortSignal) {
    return (await this.#list("networks", signal)) as Api.Rows<Api.Network>;
  }

  async createNetwork(request: object, signal: AbortSignal) {
    return (await this.#create("networks", request, signal)) as Api.Network;
  }

  async devices(signal: AbortSignal) {
    return (await this.#list("devices", signal)) as Api.Rows<Api.Device>;
  }

  async invites(signal: AbortSignal) {
    return (await this.#list("invites", signal)) as Api.Rows<Api.Invite>;
  }

  async createInvite(request: object, signal: AbortSignal) {
    return (await this.#create("invites", request, signal)) as Api.NewInvite;
  }

  /** @param devices also those that it let in */
  async revokeInvite(id: string, devices: boolean, signal: AbortSignal) {
    const at = path("tenants", this.#tenant, "invites", id);
    await this.#requests.send("DELETE", `${at}?devices=${devices}`, undefined, signal);
  }

  async tokens(signal: AbortSignal) {
    return (await this.#list("tokens", signal)) as Api.Rows<Api.Token>;
  }

  async admins(signal: AbortSignal) {
    return (await this.#list("admins", signal)) as Api.Rows<Api.Admin>;
  }

  async createSecret(kind: "tokens" | "admins", request: object, signal: AbortSignal) {
    return (await this.#create(kind, request, signal)) as Api.Secret;
  }

  async remove(kind: "networks" | "devices" | "tokens" | "admins", id: string, signal: AbortSignal) {
    await this.#requests.send("DELETE", path("tenants", this.#tenant, kind, id), undefined, signal);
  }

  async usage(signal: AbortSignal) {
    return (await this.#requests.get(path("tenants", this.#tenant, "usage"), signal)) as Api.Usage;
  }

  async limits(signal: AbortSignal) {
    return (await this.#requests.get(path("tenants", this.#tenant, "limits"), signal)) as Api.Limits;
  }

  async changeLimits(changes: Partial<Api.Limits>, signal: AbortSignal) {
    await this.#requests.send("PATCH", path("tenants", this.#tenant, "limits"), changes, signal);
  }

  async notices(signal: AbortSignal) {
    return (await this.#list("notices", signal)) as Api.Rows<Api.Notice>;
  }

  /**
   * The newest first.
   *
   * @param since seconds
   */
  async audit(since: number | undefined, signal: AbortSignal) {
    return (await this.#list(`audit${auditQuery(since)}`, signal)) as Api.Rows<Api.AuditEntry>;
  }

  network(name: string) {
    return new NetworkApi(this.#requests, path("tenants", this.#tenant, "networks", name));
  }

  /** @param what with its query */
  #list(what: string, signal: AbortSignal) {
    return this.#requests.list(`${path("tenants", this.#tenant)}/${what}`, signal);
  }

  #create(kind: string, request: object, signal: AbortSignal) {
    return this.#requests.send("POST", path("tenants", this.#tenant, kind), request, signal);
  }
}

/** @param since seconds before now */
export function auditQuery(since: number | undefined) {
  return since === undefined ? "?order=newest" : `?order=newest&since=${since}`;
}
