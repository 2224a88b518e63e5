import {
  type Network as NetworkJson,
  network,
  networkChange,
  newNetwork,
} from "../../../shared/api/resources/network.ts";
import type { Network } from "../../model/model.ts";
import { demandRelayAdmin } from "../kernel/access.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { BY_NAME } from "../kernel/orders.ts";
import { listOperation } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "networks";

/** Returns the operations on a tenant's networks. */
export function networkOperations({ tenants }: TenantsApiOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/networks";
  const one = "/v1/tenants/{tenant}/networks/{network}";
  return [
    operation({
      id: "createNetwork",
      tag,
      summary: "Create a network",
      method: "post",
      path,
      body: newNetwork,
      creates: true,
      answer: network,
      errors: {
        403: ["admin.forbidden"],
        409: ["network.taken", "network.vni-taken", "limit.networks"],
      },
      handle({ params, body, context }) {
        // Restricted because a VNI in use would reveal other tenants' networks.
        if (body.vni !== undefined) demandRelayAdmin(context);
        return networkJson(tenants.createNetwork(params.tenant, body, context.var.by));
      },
    }),
    listOperation({
      id: "listNetworks",
      tag,
      summary: "List a tenant's networks",
      path,
      row: network,
      order: BY_NAME,
      rows: ({ params }, part) => tenants.networks(params.tenant, part),
      show: networkJson,
    }),
    operation({
      id: "showNetwork",
      tag,
      summary: "Show a network",
      method: "get",
      path: one,
      answer: network,
      handle: ({ params }) => networkJson(tenants.network(params.tenant, params.network)),
    }),
    operation({
      id: "changeNetwork",
      tag,
      summary: "Change a network's settings",
      description:
        "Settings that you omit stay unchanged. The change takes effect at once, also for connected devices.",
      method: "patch",
      path: one,
      body: networkChange,
      answer: network,
      handle({ params, body, context }) {
        const { tenant, network } = params;
        return networkJson(tenants.changeSettings(tenant, network, body.settings, context.var.by));
      },
    }),
    operation({
      id: "deleteNetwork",
      tag,
      summary: "Delete a network",
      description:
        "Also deletes its invites, its addresses and the tokens whose first network it is. Sessions that joined it, or may join no other, end at once with 4003.",
      method: "delete",
      path: one,
      handle: ({ params, context }) => tenants.deleteNetwork(params.tenant, params.network, context.var.by),
    }),
  ];
}

function networkJson(one: Network): NetworkJson {
  const { name, tenant, vni, group, mtu, subnet = null, addresses, prefix6 = null, mode, settings } = one;
  return { name, tenant, vni, group, mtu, subnet, addresses, prefix6, mode, settings };
}
