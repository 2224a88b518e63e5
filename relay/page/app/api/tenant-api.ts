import type { Admin, MadeAdmin, NewAdmin } from "../../../../shared/api/resources/admin.ts";
import type { AuditEntry } from "../../../../shared/api/resources/audit.ts";
import type { Device } from "../../../../shared/api/resources/device.ts";
import type { Invite, MadeInvite, NewInvite } from "../../../../shared/api/resources/invite.ts";
import type { TenantLimits } from "../../../../shared/api/resources/limits.ts";
import type { Network, NewNetwork } from "../../../../shared/api/resources/network.ts";
import type { Notice } from "../../../../shared/api/resources/notice.ts";
import type { MadeToken, NewToken, Token } from "../../../../shared/api/resources/token.ts";
import type { Usage } from "../../../../shared/api/resources/usage.ts";
import { NetworkApi } from "./network-api.ts";
import { path, type Requests, type Rows } from "./requests.ts";

/** The API of one tenant. */
export class TenantApi {
  #requests;
  #tenant;

  constructor(requests: Requests, tenant: string) {
    this.#requests = requests;
    this.#tenant = tenant;
  }

  async networks(signal: AbortSignal) {
    return (await this.#list("networks", signal)) as Rows<Network>;
  }

  async createNetwork(request: NewNetwork, signal: AbortSignal) {
    return (await this.#create("networks", request, signal)) as Network;
  }

  async devices(signal: AbortSignal) {
    return (await this.#list("devices", signal)) as Rows<Device>;
  }

  async invites(signal: AbortSignal) {
    return (await this.#list("invites", signal)) as Rows<Invite>;
  }

  async createInvite(request: NewInvite, signal: AbortSignal) {
    return (await this.#create("invites", request, signal)) as MadeInvite;
  }

  /** @param devices also revokes the devices that it enrolled */
  async revokeInvite(id: string, devices: boolean, signal: AbortSignal) {
    const at = path("tenants", this.#tenant, "invites", id);
    await this.#requests.send("DELETE", `${at}?devices=${devices}`, undefined, signal);
  }

  async tokens(signal: AbortSignal) {
    return (await this.#list("tokens", signal)) as Rows<Token>;
  }

  async admins(signal: AbortSignal) {
    return (await this.#list("admins", signal)) as Rows<Admin>;
  }

  async createToken(request: NewToken, signal: AbortSignal) {
    return (await this.#create("tokens", request, signal)) as MadeToken;
  }

  async createAdmin(request: NewAdmin, signal: AbortSignal) {
    return (await this.#create("admins", request, signal)) as MadeAdmin;
  }

  async remove(kind: "networks" | "devices" | "tokens" | "admins", id: string, signal: AbortSignal) {
    await this.#requests.send("DELETE", path("tenants", this.#tenant, kind, id), undefined, signal);
  }

  async usage(signal: AbortSignal) {
    return (await this.#requests.get(path("tenants", this.#tenant, "usage"), signal)) as Usage;
  }

  async limits(signal: AbortSignal) {
    return (await this.#requests.get(path("tenants", this.#tenant, "limits"), signal)) as TenantLimits;
  }

  async changeLimits(changes: Partial<TenantLimits>, signal: AbortSignal) {
    await this.#requests.send("PATCH", path("tenants", this.#tenant, "limits"), changes, signal);
  }

  async notices(signal: AbortSignal) {
    return (await this.#list("notices", signal)) as Rows<Notice>;
  }

  /**
   * Returns the tenant's audit log, newest first.
   *
   * @param since seconds before now
   */
  async audit(since: number | undefined, signal: AbortSignal) {
    return (await this.#list(`audit${auditQuery(since)}`, signal)) as Rows<AuditEntry>;
  }

  network(name: string) {
    return new NetworkApi(this.#requests, path("tenants", this.#tenant, "networks", name));
  }

  /** @param what the path below the tenant's, with a query */
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
