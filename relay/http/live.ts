import { Hono } from "hono";
import { formatAddress } from "../../shared/frame/address.ts";
import { formatMac } from "../../shared/frame/mac.ts";
import type { Hub } from "../hub/hub.ts";
import type { NetworkHub } from "../hub/network-hub.ts";
import { trace } from "../hub/trace.ts";
import type { Network } from "../tenants/model.ts";
import type { Tenants } from "../tenants/tenants.ts";

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

function age(now: number, at: number): number {
  return Math.max(0, Math.floor(now - at));
}
