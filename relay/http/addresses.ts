import { Hono } from "hono";
import { z } from "zod";
import { formatIpv4 } from "../../shared/frame/address.ts";
import type { TakenAddress } from "../tenants/model.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { ApiEnv } from "./access.ts";
import { body } from "./body.ts";

const newAddress = z.strictObject({ address: z.string().max(15), device: z.string().max(256).optional() });

/** The addresses of a network: given, fixed for a device, or reserved. */
export function addressesApi(tenants: Tenants): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  const addresses = "/tenants/:tenant/networks/:network/addresses";
  api.post(addresses, async (context) => {
    const { address, device } = await body(context, newAddress);
    const { tenant, network } = context.req.param();
    const of = tenants.network(tenant, network);
    return context.json(addressJson(tenants.addresses.take(of, address, device, context.var.by)), 201);
  });
  api.get(addresses, (context) => {
    const { tenant, network } = context.req.param();
    return context.json(tenants.addresses.of(tenants.network(tenant, network)).map(addressJson));
  });
  api.delete(`${addresses}/:address`, (context) => {
    const { tenant, network, address } = context.req.param();
    tenants.addresses.release(tenants.network(tenant, network), address, context.var.by);
    return context.body(null, 204);
  });
  return api;
}

/** The `id` is the address itself, which is what is deleted by. */
function addressJson({ address, device, fixed }: TakenAddress): object {
  const kind = device === undefined ? "reserved" : fixed ? "fixed" : "given";
  return { id: formatIpv4(address), address: formatIpv4(address), device: device ?? null, kind };
}
