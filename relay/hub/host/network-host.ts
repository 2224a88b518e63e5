import { formatAddress, type IpAddress } from "../../../shared/frame/address.ts";
import { Containment, type ReportContained } from "../../../shared/switch/containment.ts";
import { hubMac } from "../../../shared/switch/hub-policy.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import { addressPool, hubAddress6 } from "../../model/address-pool.ts";
import type { Network } from "../../model/model.ts";
import type { Names } from "../../tenants/names.ts";
import { HostPort } from "./host-port.ts";
import { DNS_PORT, NameService } from "./name-service.ts";
import type { UdpService } from "./services.ts";
import { domainOf, NetworkZone } from "./zone.ts";

/** The hub's own addresses in a network: none where it gives none, or is a wire, in which nothing is answered. */
export function hubAddresses(network: Network): IpAddress[] {
  const pool = addressPool(network);
  if (pool === undefined || network.mode === "wire") return [];
  return network.prefix6 === undefined ? [pool.hub] : [pool.hub, hubAddress6(network.prefix6)];
}

/** What `welcome` tells of a network's names; undefined where it has none. */
export function namesOf(network: Network): { servers: string[]; domain: string } | undefined {
  const addresses = hubAddresses(network);
  if (addresses.length === 0) return undefined;
  return { servers: addresses.map(formatAddress), domain: domainOf(network) };
}

export interface NetworkHostOptions {
  readonly network: Network;
  readonly segment: Segment;
  readonly names: Names;
  /** Told of errors that cost a packet, or a name. */
  readonly report?: ReportContained | undefined;
  /** Whether one more question about names may be answered now; all are without it. */
  readonly mayName?: (() => boolean) | undefined;
  /** Seconds, never going back. */
  readonly clock: () => number;
}

/** The hub as a machine of a network: name server, and something to ping; undefined where it is none. */
export function networkHost(options: NetworkHostOptions): HostPort | undefined {
  const { network, segment, names, mayName = () => true, report, clock } = options;
  const addresses = hubAddresses(network);
  if (addresses.length === 0) return undefined;
  const containment = new Containment({ at: "hub", vni: network.vni, report, clock });
  names.tryComplete(network);
  const service = new NameService(new NetworkZone(network, names), containment.caught);
  return new HostPort({
    segment,
    mac: hubMac(network.vni),
    addresses,
    mtu: network.mtu,
    udp: new Map([[DNS_PORT, limited(service, mayName)]]),
    containment,
    clock,
  });
}

/** A service that is done only as often as it may be. */
function limited(service: UdpService, may: () => boolean): UdpService {
  return { answer: (request, capacity) => (may() ? service.answer(request, capacity) : "host-rate") };
}
