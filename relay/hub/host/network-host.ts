import { formatAddress, type IpAddress } from "../../../shared/frame/address.ts";
import { Containment, type ReportContained } from "../../../shared/switch/containment.ts";
import { hubMac } from "../../../shared/switch/policy/hub-policy.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import { addressPool, hubAddress6 } from "../../model/address-pool.ts";
import type { Network } from "../../model/model.ts";
import type { Names } from "../../tenants/names.ts";
import { HubHostPort } from "./host-port.ts";
import { DNS_PORT, NameService } from "./name-service.ts";
import type { UdpService } from "./services.ts";
import { domainOf, NetworkZone } from "./zone.ts";

/**
 * Returns the hub's own addresses in a network: none if it gives none, or is a wire, in which the hub answers nothing.
 */
export function hubAddresses(network: Network): IpAddress[] {
  const pool = addressPool(network);
  if (pool === undefined || network.mode === "wire") return [];
  return network.prefix6 === undefined ? [pool.hub] : [pool.hub, hubAddress6(network.prefix6)];
}

/** Returns what `welcome` says about a network's names; undefined if it has none. */
export function namesOf(network: Network): { servers: string[]; domain: string } | undefined {
  const addresses = hubAddresses(network);
  if (addresses.length === 0) return undefined;
  return { servers: addresses.map(formatAddress), domain: domainOf(network) };
}

export interface NetworkHostOptions {
  readonly network: Network;
  readonly segment: Segment;
  readonly names: Names;
  /** Receives errors that cost a packet or a name. */
  readonly report?: ReportContained | undefined;
  /** Returns whether one more DNS query may be answered now; without it all may. */
  readonly mayName?: (() => boolean) | undefined;
  /** Monotonic seconds. */
  readonly clock: () => number;
}

/**
 * Returns the hub's host in a network: a name server that also answers pings; undefined if the hub has no addresses
 * there.
 */
export function networkHost(options: NetworkHostOptions): HubHostPort | undefined {
  const { network, segment, names, mayName = () => true, report, clock } = options;
  const addresses = hubAddresses(network);
  if (addresses.length === 0) return undefined;
  const containment = new Containment({ at: "hub", vni: network.vni, report, clock });
  names.tryComplete(network);
  const service = new NameService(new NetworkZone(network, names), containment.caught);
  return new HubHostPort({
    segment,
    mac: hubMac(network.vni),
    addresses,
    mtu: network.mtu,
    udp: new Map([[DNS_PORT, limited(service, mayName)]]),
    containment,
    clock,
  });
}

/** Limits the rate of a service. */
function limited(service: UdpService, may: () => boolean): UdpService {
  return { answer: (request, capacity) => (may() ? service.answer(request, capacity) : "host-rate") };
}
