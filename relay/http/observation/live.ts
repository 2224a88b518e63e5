import { z } from "zod";
import { counter, group, neighbour, traceQuery, traceStep } from "../../../shared/api/resources/live.ts";
import { formatAddress } from "../../../shared/frame/address.ts";
import { formatMac } from "../../../shared/frame/mac.ts";
import type { Port } from "../../../shared/switch/port.ts";
import type { Hub } from "../../hub/hub.ts";
import type { NetworkHub } from "../../hub/network-hub.ts";
import type { UnderlayPorts } from "../../hub/ports/underlay-ports.ts";
import { trace } from "../../hub/trace.ts";
import type { Network } from "../../model/model.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { compareTexts, listOperation, partOf } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "../resources/tenants.ts";

const tag = "live";

const key = z.tuple([z.number(), z.string()]);

type Key = readonly [number, string];

export interface LiveOptions extends TenantsApiOptions {
  readonly hub: Hub;
  readonly ports: UnderlayPorts;
  /** Returns monotonic seconds, the time base of the hub's tables. */
  readonly clock: () => number;
}

/** Returns the operations on a network's live state: groups, neighbours, counters and traces. */
export function liveOperations({ tenants, hub, clock }: LiveOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/networks/{network}" as const;
  const numberOf = arrivals<Port>();
  /** Defines a list ordered by its rows' unique keys. */
  const listed = <Shown extends z.ZodType, Row extends { readonly key: Key }>(
    what: string,
    about: { readonly id: string; readonly summary: string; readonly row: Shown },
    rowsOf: (live: NetworkHub, network: Network) => Iterable<Row>,
    show: (row: Row) => z.input<Shown>,
  ) =>
    listOperation({
      ...about,
      tag,
      path: `${path}/${what}` as typeof path,
      order: { schema: key, of: (row: Row) => row.key },
      rows({ params }, part) {
        const network = tenants.network(params.tenant, params.network);
        const live = hub.live(network);
        return live === undefined ? [] : partOf(rowsOf(live, network), ({ key }) => key, compareKeys, part);
      },
      show,
    });
  return [
    listed(
      "groups",
      { id: "listGroups", summary: "List a network's multicast groups", row: group },
      function* ({ segment, policy }, { vni, group }) {
        yield { key: [0, ""] as const, group, vni, vlans: [], ports: [...segment.ports] };
        for (const one of policy.snooper?.groups() ?? []) {
          yield { ...one, key: [1, `${one.group} ${one.vlans.join()}`] as const, vni };
        }
      },
      ({ group, vni, vlans, ports }) => ({ group, vni, vlans: [...vlans], ports: ports.map(({ id }) => id) }),
    ),
    listed(
      "neighbours",
      {
        id: "listNeighbours",
        summary: "List the addresses that a network's hub answers for",
        row: neighbour,
      },
      function* ({ policy }, { vni }) {
        for (const entry of policy.suppressor?.entries() ?? []) {
          yield { key: [0, formatAddress(entry.address)] as const, entry, vni };
        }
      },
      ({ key: [, address], entry, vni }) => ({
        address,
        mac: formatMac(entry.mac),
        vni,
        port: entry.port.id,
        kind: entry.kind,
        age_seconds: age(clock(), entry.seenAt),
      }),
    ),
    listed(
      "counters",
      { id: "listCounters", summary: "List a network's ports with their counters", row: counter },
      function* (live, { vni }) {
        const devices = hub.devicesBySession();
        for (const port of live.segment.ports) {
          yield { key: [numberOf(port, live), ""] as const, port, vni, live, device: devices.get(port.id) };
        }
      },
      ({ port, vni, live, device }) => ({
        port: port.id,
        name: live.nameOf(port) ?? null,
        device: device ?? null,
        vni,
        state: port.cut ? ("cut" as const) : ("open" as const),
        rx_frames: port.rxFrames,
        rx_bytes: port.rxBytes,
        tx_frames: port.txFrames,
        tx_bytes: port.txBytes,
        drops: port.drops.toJSON(),
      }),
    ),
    operation({
      id: "traceFrame",
      tag,
      summary: "Trace what the hub would do with a frame, and why",
      description: "The hub sends, learns and counts nothing.",
      method: "get",
      path: `${path}/trace` as const,
      query: traceQuery,
      answer: z.array(traceStep),
      errors: { 404: ["trace.unknown"] },
      handle({ params, query: { from = "", to = "" } }) {
        const network = tenants.network(params.tenant, params.network);
        return trace(hub.live(network), network, from, to, clock()).map((one) => ({ ...one }));
      },
    }),
  ];
}

/** Returns the age in whole seconds. */
export function age(now: number, at: number): number {
  return Math.max(0, Math.floor(now - at));
}

function compareKeys(one: Key, other: Key): number {
  return one[0] - other[0] || compareTexts(one[1], other[1]);
}

/**
 * Numbers things of one place in order of arrival. This works because every call goes through all present things in
 * that order: a new thing arrived after all known things. Each place counts on its own, because numbers appear in
 * cursors and shared ones would reveal other tenants' activity.
 */
function arrivals<Thing extends WeakKey>(): (thing: Thing, place: WeakKey) => number {
  const numbers = new WeakMap<Thing, number>();
  const lastOf = new WeakMap<WeakKey, number>();
  return (thing, place) => {
    const known = numbers.get(thing);
    if (known !== undefined) return known;
    const number = (lastOf.get(place) ?? 0) + 1;
    lastOf.set(place, number);
    numbers.set(thing, number);
    return number;
  };
}
