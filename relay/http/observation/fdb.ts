import { z } from "zod";
import { fdbEntry, newPin, pin } from "../../../shared/api/resources/fdb.ts";
import { formatMac, parseMac } from "../../../shared/frame/mac.ts";
import type { MacEntry } from "../../../shared/switch/places/mac-table.ts";
import { Fault } from "../../../shared/values/fault.ts";
import type { NetworkHub } from "../../hub/network-hub.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { listOperation } from "../kernel/paging.ts";
import { age, type LiveOptions } from "./live.ts";

const tag = "live";

interface FdbRow {
  /** The MAC address. */
  readonly key: number;
  readonly vni: number;
  readonly found: MacEntry | undefined;
}

/** Returns the operations on a network's forwarding table. */
export function fdbOperations({ tenants, hub, ports, clock }: LiveOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/networks/{network}/fdb";
  /** @throws Fault `network.idle` if the network has no members */
  const liveOf = (tenant: string, network: string): NetworkHub => {
    const live = hub.live(tenants.network(tenant, network));
    if (live !== undefined) return live;
    throw new Fault({
      code: "network.idle",
      message: `no device is connected to '${network}'`,
      hint: "An entry needs a connected port: join the network first.",
    });
  };
  return [
    listOperation({
      id: "listFdb",
      tag,
      summary: "List a network's forwarding table",
      path,
      row: fdbEntry,
      order: { schema: z.number(), of: ({ key }: FdbRow) => key },
      rows({ params }, { after = -1, limit }) {
        const network = tenants.network(params.tenant, params.network);
        const table = hub.live(network)?.segment.table;
        if (table === undefined) return [];
        // Sorts plain numbers, because a table may have a hundred thousand entries and frames wait meanwhile.
        const keys: number[] = [];
        for (const { mac, port } of table.entries()) if (port !== undefined && mac > after) keys.push(mac);
        const first = Float64Array.from(keys).sort().subarray(0, limit);
        return [...first].map((key) => ({ key, vni: network.vni, found: table.find(key) }));
      },
      show({ key, vni, found }) {
        const port = found?.port?.id ?? "";
        const remote = ports.remoteOf(port, key);
        return {
          mac: formatMac(key),
          vni,
          port,
          kind: found?.kind ?? "learned",
          age_seconds: age(clock(), found?.seenAt ?? 0),
          ...(remote === undefined ? {} : { remote }),
        };
      },
    }),
    operation({
      id: "pinMac",
      tag,
      summary: "Pin a MAC address to a VTEP",
      description: "The entry stays until you remove it or the VTEP disconnects.",
      method: "post",
      path,
      body: newPin,
      creates: true,
      answer: pin,
      errors: { 400: ["network.idle"], 404: ["vtep.unknown"] },
      handle({ params, body }) {
        const parsed = parseMac(body.mac) ?? 0;
        const at = liveOf(params.tenant, params.network).pin(parsed, body.port);
        return { id: body.mac, mac: formatMac(parsed), port: at.id, kind: "static" as const };
      },
    }),
    operation({
      id: "unpinMac",
      tag,
      summary: "Remove a static entry",
      method: "delete",
      path: "/v1/tenants/{tenant}/networks/{network}/fdb/{mac}",
      errors: { 400: ["network.idle"] },
      handle({ params }) {
        liveOf(params.tenant, params.network).segment.table.unpin(parseMac(params.mac) ?? 0);
      },
    }),
  ];
}
