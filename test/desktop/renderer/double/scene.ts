import type { AppState } from "../../../../desktop/rpc/bridge.ts";
import type { LogEntry, NetworkStatus, Peer, Step } from "../../../../desktop/rpc/shapes.ts";

/** The window's content: a machine with some networks, as data. */
export interface Scene {
  readonly app: AppState;
  readonly networks: readonly NetworkStatus[];
  /** By network ID. */
  readonly peers: Readonly<Record<string, readonly Peer[]>>;
  readonly logs: readonly LogEntry[];
  readonly report: string;
  /** Relays with an administrator's token. */
  readonly relays: readonly string[];
}

/** The current time of the scene. */
export const NOW = "2026-03-02T14:05:00.000Z";

const ago = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();

/** 43 characters, like an invite's secret. */
export const SECRET = "aQ3vK8mZ0pR5tX2wB7nC4dF9gH1jL6sE_yU-oIiTkMl";
export const INVITE = `https://relay.example.org/join#v1.default.${SECRET}`;

export const SETTINGS: AppState["settings"] = {
  language: "en",
  theme: "light",
  start_at_login: true,
  on_close: "tray",
  notifications: true,
};

export const CONNECTED: AppState["agent"] = {
  state: "connected",
  version: "0.1.0",
  may_change: true,
  tap_problem: null,
};

const app: AppState = {
  version: "0.1.0",
  platform: "linux",
  locale: "en-GB",
  socket: "/run/laneway/agent.sock",
  agent: CONNECTED,
  settings: SETTINGS,
};

export function network(name: string, more: Partial<NetworkStatus> = {}): NetworkStatus {
  return {
    id: `n-${name}`,
    network: name,
    tenant: "default",
    relay: "https://relay.example.org",
    vni: 101,
    state: "up",
    wanted: true,
    autostart: true,
    tap: "lw0",
    mac: "02:4c:57:9e:01:07",
    address: "10.20.0.7/24",
    address6: "fe80::4c:57ff:fe9e:107/64",
    mtu: 1500,
    members: 0,
    rx_bytes: 0,
    tx_bytes: 0,
    latency_ms: 18.4,
    error: null,
    since: ago(95),
    access: "device",
    ...more,
  };
}

export function peer(name: string, last: number, more: Partial<Peer> = {}): Peer {
  return {
    vtep: `v-${name}`,
    name,
    online: true,
    macs: [`02:4c:57:9e:01:${last.toString(16).padStart(2, "0")}`],
    addresses: [`10.20.0.${last}`],
    latency_ms: 20 + last,
    path: "relayed",
    rx_bytes: null,
    tx_bytes: null,
    last_seen: null,
    ...more,
  };
}

const asleep = (minutes: number): Partial<Peer> => ({
  online: false,
  latency_ms: null,
  last_seen: ago(minutes),
});

const lanPeers: readonly Peer[] = [
  peer("bench-12", 12, { rx_bytes: 84_000_000, tx_bytes: 3_100_000, latency_ms: 31.2 }),
  peer("camera-gate", 31, { rx_bytes: 912_000_000, tx_bytes: 1_200_000, latency_ms: 44.8 }),
  peer("anna-laptop", 23, { rx_bytes: 5_000_000, tx_bytes: 9_400_000, latency_ms: 4.6 }),
  peer("build-server", 40, { ...asleep(190) }),
  peer("printer", 50, { ...asleep(4_000), macs: [] }),
];

const log = (minutes: number, level: LogEntry["level"], code: string, message: string): LogEntry => ({
  at: ago(minutes),
  level,
  code,
  message,
  network: null,
});

/** Returns a machine that has been on some networks for a while. */
export function everyday(): Scene {
  return {
    app,
    networks: [
      network("lan", { members: 3, rx_bytes: 1_004_000_000, tx_bytes: 13_700_000 }),
      network("workshop", {
        tenant: "acme",
        vni: 204,
        tap: "lw1",
        mac: "02:4c:57:9e:02:11",
        address: "10.31.4.17/22",
        members: 0,
        state: "reconnecting",
        latency_ms: null,
        error: {
          code: "relay.unreachable",
          message: "can't reach https://relay.example.org/: ECONNREFUSED",
          hint: "Check this machine's connection.",
        },
      }),
      network("archive", {
        state: "down",
        wanted: false,
        autostart: false,
        tap: null,
        mac: null,
        address: null,
        address6: null,
        latency_ms: null,
      }),
    ],
    peers: { "n-lan": lanPeers, "n-workshop": [], "n-archive": [] },
    logs: [
      log(96, "info", "agent.started", "agent 0.1.0 listens at /run/laneway/agent.sock"),
      log(96, "debug", "tap.opened", "lw0: 1500 bytes, super-frames up to 64 KiB"),
      log(95, "info", "network.up", "lan: VNI 101 on lw0, 10.20.0.7/24"),
      log(41, "warn", "hub.duplicate-mac", "02:4c:57:9e:01:31 keeps moving between two ports of lan"),
      log(12, "info", "network.up", "workshop: VNI 204 on lw1, 10.31.4.17/22"),
      log(3, "error", "relay.unreachable", "workshop: can't reach https://relay.example.org/: ECONNREFUSED"),
      log(2, "info", "network.reconnecting", "workshop: next try in 4 s"),
    ],
    report: "Laneway 0.1.0\nnetworks: 3",
    relays: ["https://relay.example.org"],
  };
}

/** Returns a new user's machine, with or without the service. */
export function firstRun(agent: AppState["agent"] = CONNECTED): Scene {
  return { app: { ...app, agent }, networks: [], peers: {}, logs: [], report: "", relays: [] };
}

export function step(id: string, state: Step["state"], more: Partial<Step> = {}): Step {
  return { id, state, detail: null, hint: null, value: null, unit: null, progress: null, ...more };
}
