import { z } from "zod";
import { type Address, address, newAddress } from "../../../shared/api/resources/address.ts";
import { formatIpv4 } from "../../../shared/frame/address.ts";
import { formatMac } from "../../../shared/frame/mac.ts";
import type { TakenAddress } from "../../model/model.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { listOperation, partOf } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "addresses";

/** Returns the operations on a network's addresses: assigned, fixed for a device, or reserved. */
export function addressOperations({ tenants }: TenantsApiOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/networks/{network}/addresses";
  return [
    operation({
      id: "takeAddress",
      tag,
      summary: "Assign a fixed address to a device, or reserve an address",
      description: "The device gets it in its next session.",
      method: "post",
      path,
      body: newAddress,
      creates: true,
      answer: address,
      errors: {
        400: ["address.none", "address.outside"],
        404: ["device.unknown"],
        409: ["address.taken", "limit.reserved-addresses"],
      },
      handle({ params, body, context }) {
        const of = tenants.network(params.tenant, params.network);
        return addressJson(tenants.addresses.take(of, body.address, body.device, context.var.by));
      },
    }),
    listOperation({
      id: "listAddresses",
      tag,
      summary: "List a network's taken addresses",
      path,
      row: address,
      order: { schema: z.number(), of: (one: TakenAddress) => one.address },
      rows({ params }, part) {
        const all = tenants.addresses.of(tenants.network(params.tenant, params.network));
        return partOf(
          all,
          (one) => one.address,
          (one, other) => one - other,
          part,
        );
      },
      show: addressJson,
    }),
    operation({
      id: "releaseAddress",
      tag,
      summary: "Release an address",
      description:
        "A device that has it gets another address in its next session. The relay may assign an address again that it saw in use.",
      method: "delete",
      path: "/v1/tenants/{tenant}/networks/{network}/addresses/{address}",
      errors: { 404: ["address.unknown"] },
      handle({ params, context }) {
        const of = tenants.network(params.tenant, params.network);
        tenants.addresses.release(of, params.address, context.var.by);
      },
    }),
  ];
}

function addressJson(one: TakenAddress): Address {
  const { device = null, address6 = null, mac } = one;
  const text = formatIpv4(one.address);
  return {
    id: text,
    address: text,
    address6,
    device,
    mac: mac === undefined ? null : formatMac(mac),
    kind: kindOf(one),
  };
}

function kindOf({ device, fixed, mac }: TakenAddress): Address["kind"] {
  if (device !== undefined) return fixed ? "fixed" : "given";
  return mac === undefined ? "reserved" : "in-use";
}
