import type { RelayAddress } from "../../../../shared/api/relay-address.ts";
import { Fault } from "../../../../shared/values/fault.ts";
import { plainText } from "../../../../shared/values/plain-text.ts";
import type { GivenParams, Result } from "../../../rpc/schema.ts";
import { AdminClient } from "../../admin-client.ts";
import { relayText } from "../../identity/device-store.ts";
import { merged, type Reach } from "../../reach/reach.ts";
import type { Agent } from "../agent.ts";
import { readRelay } from "../networks/network-ref.ts";

/** Administers relays with the administrator's tokens that users gave the agent. */
export class RelayAdmin {
  readonly #agent: Agent;

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  /** Returns the relays for which a token is stored. */
  relays(): string[] {
    return this.#agent.state.admins.map(({ relay }) => relay);
  }

  /**
   * Stores a token after the relay has accepted it, or removes it if null.
   *
   * @throws Fault `admin.refused`, `relay.…`, `state.unwritable`
   */
  async set(relay: string, token: string | null, way: Reach = {}): Promise<void> {
    const address = readRelay(relay);
    const base = relayText(address.url);
    const told = merged(this.#told(base), { ...loginAndZone(address), ...way });
    // A tenant's administrator may read the list of tenants too.
    if (token !== null) await this.#clientOf(address, token, told).list("/v1/tenants", {});
    const { state } = this.#agent;
    const others = state.admins.filter((one) => one.relay !== base);
    const reach = Object.keys(told).length === 0 ? {} : { reach: told };
    state.admins = token === null ? others : [...others, { relay: base, token, ...reach }];
    this.#agent.save();
  }

  /** @throws Fault `admin.no-token`, and the relay's own */
  async createNetwork(given: GivenParams<"network.create">): Promise<Result<"network.create">> {
    const { relay, tenant, name, subnet } = given;
    const path = "/v1/tenants/{tenant}/networks";
    const made = await this.#client(relay).create(path, { tenant }, { name, subnet });
    return { name, tenant, vni: Number(made.vni) };
  }

  /** @throws Fault `admin.no-token`, and the relay's own */
  async createInvite(given: GivenParams<"invite.create">): Promise<Result<"invite.create">> {
    const { relay, uses, expires_in } = given;
    const known = this.#agent.networks.find(({ id }) => id === given.network)?.kept;
    const network = known?.network ?? given.network;
    const tenant = given.tenant ?? known?.tenant ?? "default";
    const body = { network, ...(uses && { uses }), ...(expires_in && { expires_in }) };
    const path = "/v1/tenants/{tenant}/invites";
    const made = await this.#client(relay).create(path, { tenant }, body);
    return { id: plainText(String(made.id), 256), link: plainText(String(made.link), 2_048) };
  }

  #client(relay: string): AdminClient {
    const address = readRelay(relay);
    const base = relayText(address.url);
    const kept = this.#agent.state.admins.find((one) => one.relay === base);
    if (kept !== undefined) return this.#clientOf(address, kept.token, loginAndZone(address));
    throw new Fault({
      code: "admin.no-token",
      message: `there is no administrator's token of ${base}`,
      hint: "Give the one in admin.token of the relay's data directory, or one of your tenant's own.",
    });
  }

  #clientOf({ url }: RelayAddress, token: string, told: Reach): AdminClient {
    const known = this.#agent.reachTo(relayText(url));
    return new AdminClient(url, token, { ...merged(known, told), ...this.#agent.usual });
  }

  #told(base: string): Reach {
    return this.#agent.state.admins.find((one) => one.relay === base)?.reach ?? {};
  }
}

function loginAndZone({ url: _, ...reach }: RelayAddress): Reach {
  return reach;
}
