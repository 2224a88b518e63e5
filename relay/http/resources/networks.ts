import { z } from "zod";
import { parseAddress } from "../../../shared/frame/address.ts";
import { parseCidr } from "../../../shared/frame/cidr.ts";
import { MAX_VNI } from "../../../shared/frame/encapsulation/vxlan.ts";
import { networkSettings, settingsChange } from "../../../shared/switch/settings.ts";
import type { Network } from "../../model/model.ts";
import { demandRelayAdmin } from "../kernel/access.ts";
import { name } from "../kernel/body.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { BY_NAME } from "../kernel/orders.ts";
import { listOperation } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "networks";

const vni = z.number().int().min(1).max(MAX_VNI).meta({ description: "VXLAN network identifier." });
const mode = z.enum(["switch", "wire"]).meta({
  description: "`switch` keeps link-local control frames to itself, `wire` passes everything.",
});

const newNetwork = z
  .strictObject({
    name,
    vni: vni
      .optional()
      .meta({ description: "A free one unless it is said; the relay's administrator alone says it." }),
    subnet: z
      .string()
      .refine((text) => parseCidr(text) !== undefined, {
        error: (issue) => `'${issue.input}' is not a CIDR like 10.20.0.0/24`,
      })
      .optional()
      .meta({ examples: ["10.20.0.0/24"] }),
    addresses: z.boolean().optional().meta({
      description: "Whether members are given addresses; where there is a subnet, unless it is said.",
    }),
    group: z
      .string()
      .refine(isGroupAddress, {
        error: (issue) => `'${issue.input}' is not a multicast address like 239.1.1.101`,
      })
      .optional()
      .meta({ description: "The multicast group; 239 and the VNI's three bytes unless it is said." }),
    mtu: z.number().int().min(576).max(65_521).optional(),
    mode: mode.optional(),
    settings: settingsChange.optional(),
  })
  .meta({ id: "NewNetwork" });

const changedNetwork = z.strictObject({ settings: settingsChange }).meta({ id: "NetworkChange" });

const network = z
  .object({
    name,
    tenant: name,
    vni,
    group: z.string(),
    mtu: z.int(),
    subnet: z.string().nullable(),
    addresses: z.boolean(),
    prefix6: z
      .string()
      .nullable()
      .meta({ description: "The IPv6 prefix that its addresses are of (RFC 4193)." }),
    mode,
    settings: networkSettings,
  })
  .meta({ id: "Network", description: "A segment of its own." });

/** A tenant's networks. */
export function networkOperations({ tenants }: TenantsApiOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/networks";
  const one = "/v1/tenants/{tenant}/networks/{network}";
  return [
    operation({
      id: "createNetwork",
      tag,
      summary: "Make a network",
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
        // Which numbers are taken would tell of other tenants.
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
      description: "Those not named stay. Takes effect at once, also for those who have joined.",
      method: "patch",
      path: one,
      body: changedNetwork,
      answer: network,
      handle({ params, body, context }) {
        const { tenant, network } = params;
        return networkJson(tenants.changeSettings(tenant, network, body.settings, context.var.by));
      },
    }),
    operation({
      id: "deleteNetwork",
      tag,
      summary: "Delete a network with its invites, addresses and the tokens that it is the first network of",
      description: "Sessions that have joined it, or may join no other, end at once, with 4003.",
      method: "delete",
      path: one,
      handle: ({ params, context }) => tenants.deleteNetwork(params.tenant, params.network, context.var.by),
    }),
  ];
}

function networkJson(one: Network): z.input<typeof network> {
  const { name, tenant, vni, group, mtu, subnet = null, addresses, prefix6 = null, mode, settings } = one;
  return { name, tenant, vni, group, mtu, subnet, addresses, prefix6, mode, settings };
}

/** A group that may carry a network: not one of 224.0.0.0/24, which stay on a link of their own (RFC 5771 section 4). */
function isGroupAddress(text: string): boolean {
  const address = parseAddress(text);
  if (typeof address === "bigint") return address >> 120n === 0xffn;
  return address !== undefined && address >>> 28 === 0xe && address >>> 8 !== 0xe00000;
}
