import { Fault } from "../../../shared/fault.ts";
import { plainText } from "../../../shared/values/plain-text.ts";
import type { GivenParams, Result } from "../../rpc/schema.ts";
import { AdminClient } from "../admin-client.ts";
import { relayBase, relayText } from "../device-store.ts";
import type { Agent } from "./agent.ts";

/** Administers relays for whoever gave the agent an administrator's token of theirs. */
export class RelayAdmin {
  readonly #agent: Agent;

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  /** The relays that a token is kept of. */
  relays(): string[] {
    return this.#agent.state.admins.map(({ relay }) => relay);
  }

  /**
   * Keeps a token once the relay has taken it, or with null forgets it.
   *
   * @throws Fault `admin.refused`, `relay.…`, `state.unwritable`
   */
  async set(relay: string, token: string | null): Promise<void> {
    const { base, url } = readBase(relay);
    // The list of tenants is open to a tenant's own administrator too.
    if (token !== null) await new AdminClient(url, token).list(["tenants"]);
    const { state } = this.#agent;
    const others = state.admins.filter((one) => one.relay !== base);
    state.admins = token === null ? others : [...others, { relay: base, token }];
    this.#agent.save();
  }

  /** @throws Fault `admin.no-token`, and the relay's own */
  async createNetwork(given: GivenParams<"network.create">): Promise<Result<"network.create">> {
    const { relay, tenant, name, subnet } = given;
    const body = subnet === undefined ? { name } : { name, subnet };
    const made = await this.#client(relay).create(body, "tenants", tenant, "networks");
    return { name, tenant, vni: Number(made["vni"]) };
  }

  /** @throws Fault `admin.no-token`, and the relay's own */
  async createInvite(given: GivenParams<"invite.create">): Promise<Result<"invite.create">> {
    const { relay, uses, expires_in } = given;
    const known = this.#agent.networks.find(({ id }) => id === given.network)?.kept;
    const network = known?.network ?? given.network;
    const tenant = given.tenant ?? known?.tenant ?? "default";
    const body = { network, ...(uses && { uses }), ...(expires_in && { expires_in }) };
    const made = await this.#client(relay).create(body, "tenants", tenant, "invites");
    return { id: plainText(String(made["id"]), 256), link: plainText(String(made["link"]), 2_048) };
  }

  #client(relay: string): AdminClient {
    const { base, url } = readBase(relay);
    const kept = this.#agent.state.admins.find((one) => one.relay === base);
    if (kept !== undefined) return new AdminClient(url, kept.token);
    throw new Fault({
      code: "admin.no-token",
      message: `there is no administrator's token of ${base}`,
      hint: "Give the one in admin.token of the relay's data directory, or one of your tenant's own.",
    });
  }
}

function readBase(relay: string): { readonly base: string; readonly url: URL } {
  const url = URL.parse(relay);
  if (url === null) {
    throw new Fault({
      code: "usage.relay",
      message: `'${relay}' is not an http(s) URL`,
      hint: "Write it as https://relay.example.",
      exitCode: 2,
    });
  }
  return { base: relayText(relayBase(url)), url };
}
