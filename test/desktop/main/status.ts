import type { NetworkStatus, Peer } from "../../../desktop/rpc/shapes.ts";

/** Returns a network's status, up by default. */
export function network(changes: Partial<NetworkStatus> = {}): NetworkStatus {
  return {
    id: "n1",
    network: "office",
    tenant: "default",
    relay: "https://relay.example",
    vni: 101,
    state: "up",
    wanted: true,
    autostart: true,
    tap: "lw0",
    mac: "02:00:00:00:00:01",
    address: "10.20.0.1/24",
    address6: null,
    mtu: 1_500,
    members: 1,
    rx_bytes: 0,
    tx_bytes: 0,
    latency_ms: null,
    error: null,
    since: "2025-11-23T00:00:00.000Z",
    access: "device",
    ...changes,
  };
}

/** Returns a member, online by default. */
export function peer(changes: Partial<Peer> = {}): Peer {
  return {
    vtep: "v1",
    name: "bench",
    online: true,
    macs: [],
    addresses: ["10.20.0.2"],
    latency_ms: null,
    path: "relayed",
    rx_bytes: null,
    tx_bytes: null,
    last_seen: null,
    ...changes,
  };
}
