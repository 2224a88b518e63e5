import { Hono } from "hono";
import { z } from "zod";
import { Fault } from "../../shared/fault.ts";
import { formatAddress } from "../../shared/frame/address.ts";
import { formatMac, isUsableSource, parseMac } from "../../shared/frame/mac.ts";
import type { Hub } from "../hub/hub.ts";
import type { NetworkHub } from "../hub/network-hub.ts";
import { trace } from "../hub/trace.ts";
import type { Network } from "../tenants/model.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { validated } from "./validated.ts";

export interface LiveOptions {
  readonly tenants: Tenants;
  readonly hub: Hub;
  /** Seconds, never going back: what the hub's tables count in. */
  readonly clock: () => number;
}

/** What goes on in a network now: tables, groups, counters, and what would become of a frame. */
export function liveApi({ tenants, hub, clock }: LiveOptions): Hono {
  const api = new Hono();
  const path = "/tenants/:tenant/networks/:network";
  const rows = (name: string, show: (live: NetworkHub, network: Network) => object[]) =>
    api.get(`${path}/${name}`, (context) => {
      const { tenant, network: named } = context.req.param() as { tenant: string; network: string };
      const network = tenants.network(tenant, named);
      const live = hub.live(network);
      return context.json(live === undefined ? [] : show(live, network));
    });
  rows("fdb", ({ segment }, { vni }) =>
    [...segment.table.entries()].flatMap(({ mac, port, kind, seenAt }) =>
      port === undefined
        ? []
        : { mac: formatMac(mac), vni, port: port.id, kind, age_seconds: age(clock(), seenAt) },
    ),
  );
  api.post(`${path}/fdb`, async (context) => {
    const { tenant, network } = context.req.param() as { tenant: string; network: string };
    const { mac, port } = validated(await context.req.json().catch(() => undefined), pinned);
    const at = liveOf(tenants, hub, tenant, network).pin(parseMac(mac) ?? 0, port);
    return context.json({ id: mac, mac: formatMac(parseMac(mac) ?? 0), port: at.id, kind: "static" }, 201);
  });
  api.delete(`${path}/fdb/:mac`, (context) => {
    const { tenant, network, mac } = context.req.param() as { tenant: string; network: string; mac: string };
    liveOf(tenants, hub, tenant, network).segment.table.unpin(parseMac(mac) ?? 0);
    return context.body(null, 204);
  });
  rows("groups", ({ segment, policy }, { vni, group }) => [
    { group, vni, vlans: [], ports: [...segment.ports].map(({ id }) => id) },
    ...[...(policy.snooper?.groups() ?? [])].map((one) => ({
      group: one.group,
      vni,
      vlans: one.vlans,
      ports: one.ports.map(({ id }) => id),
    })),
  ]);
  rows("neighbours", ({ policy }, { vni }) =>
    [...(policy.suppressor?.entries() ?? [])].map(({ address, mac, port, kind, seenAt }) => ({
      address: formatAddress(address),
      mac: formatMac(mac),
      vni,
      port: port.id,
      kind,
      age_seconds: age(clock(), seenAt),
    })),
  );
  rows("counters", (live, { vni }) =>
    [...live.segment.ports].map((port) => ({
      port: port.id,
      name: live.nameOf(port) ?? null,
      vni,
      state: port.cut ? "cut" : "open",
      rx_frames: port.rxFrames,
      rx_bytes: port.rxBytes,
      tx_frames: port.txFrames,
      tx_bytes: port.txBytes,
      drops: port.drops,
    })),
  );
  api.get(`${path}/trace`, (context) => {
    const { tenant, network: named } = context.req.param() as { tenant: string; network: string };
    const network = tenants.network(tenant, named);
    const { from = "", to = "" } = context.req.query();
    return context.json(trace(hub.live(network), network, from, to, clock()));
  });
  return api;
}

const pinned = z.strictObject({
  mac: z.string().refine((text) => isUsableSource(parseMac(text) ?? 0), {
    error: (issue) => `'${issue.input}' is not the MAC address of a machine`,
  }),
  /** The VTEP, by its id or its member's name. */
  port: z.string().max(256),
});

/** @throws Fault `network.idle` where nobody has joined it */
function liveOf(tenants: Tenants, hub: Hub, tenant: string, name: string): NetworkHub {
  const live = hub.live(tenants.network(tenant, name));
  if (live !== undefined) return live;
  throw new Fault({
    code: "network.idle",
    message: `nobody has joined '${name}' now`,
    hint: "Entries stand for ports that are there: join first.",
  });
}

function age(now: number, at: number): number {
  return Math.max(0, Math.floor(now - at));
}
