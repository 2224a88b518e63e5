/** The objects in parameters and results of schema.ts. */
import { z } from "zod";

/** Maximum lengths of a caller's texts, in characters. */
const NAME = 256;
const LINK = 2_048;

export const name = z.string().min(1).max(NAME);
export const relayUrl = z
  .string()
  .max(LINK)
  .regex(/^https?:\/\//);

/** An HTTP proxy, `http://[USER:PASSWORD@]HOST:PORT`, or `none`. */
export const proxyUrl = z.string().min(1).max(LINK);

/** Certificates in PEM. */
export const certificates = z.string().max(32_768);

/** A reference to a network: its `id`, or its name, with tenant or relay if the name is ambiguous. */
export const networkRef = z.object({
  network: name,
  tenant: name.optional(),
  relay: relayUrl.optional(),
});

/**
 * The state of a network. `down`: not wanted; `connecting`: wanted, and not up yet; `up`: frames pass; `reconnecting`:
 * it was up, and the relay is unreachable; `failed`: wanted, and given up for the reason in `error`.
 */
export const networkState = z.enum(["down", "connecting", "up", "reconnecting", "failed"]);

/** An error for users: see error-codes.ts for the codes. */
export const problem = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
});

export const networkStatus = z.object({
  /** Permanent and unique, even among networks of the same name. Opaque. */
  id: z.string(),
  network: z.string(),
  /** Null for access by token, which does not contain it. */
  tenant: z.string().nullable(),
  relay: z.string(),
  /** Null until the relay has told it. */
  vni: z.number().int().nullable(),
  state: networkState,
  /** Whether it should be up, now and after a restart of the agent. */
  wanted: z.boolean(),
  /** Whether it returns after a reboot, if it is wanted then. */
  autostart: z.boolean(),
  /** Null without an interface, as are `mac`, `address` and `address6`. */
  tap: z.string().nullable(),
  mac: z.string().nullable(),
  /** CIDR. */
  address: z.string().nullable(),
  /** CIDR, the link-local one. */
  address6: z.string().nullable(),
  mtu: z.number().int().nullable(),
  /** Number of other members online. */
  members: z.number().int(),
  /** Bytes of frames from the network, and to it, since it was brought up. */
  rx_bytes: z.number(),
  tx_bytes: z.number(),
  /** Round trip to the relay, in milliseconds; null if unknown. */
  latency_ms: z.number().nullable(),
  /** The last error; null once it is up again. */
  error: problem.nullable(),
  /** The relay's values for the network that this machine refused. */
  warnings: z.array(problem).optional(),
  /** Time of the last change of `state`: ISO 8601. */
  since: z.string(),
  /** Whether a device's key or a token gives access. */
  access: z.enum(["device", "token"]),
});

/** Another member of a network: see `peers`. */
export const peer = z.object({
  /** Unique within the network. */
  vtep: z.string(),
  name: z.string(),
  online: z.boolean(),
  macs: z.array(z.string()),
  /** IP addresses, without prefix lengths. */
  addresses: z.array(z.string()),
  /** Round trip, in milliseconds; null if unknown. */
  latency_ms: z.number().nullable(),
  /** The path of frames: `direct` is for later. */
  path: z.enum(["relayed", "direct"]),
  /** Bytes from it and to it, if counted. */
  rx_bytes: z.number().nullable(),
  tx_bytes: z.number().nullable(),
  /** ISO 8601; null if online. */
  last_seen: z.string().nullable(),
});

export const logLevel = z.enum(["debug", "info", "warn", "error"]);

/** A line of the agent's log; without secrets. */
export const logEntry = z.object({
  at: z.string(),
  level: logLevel,
  /** Dotted and stable, like `network.up`. */
  code: z.string(),
  message: z.string(),
  /** The `id` of the network concerned. */
  network: z.string().nullable(),
});

export const settings = z.object({
  /** The lowest level that is logged. */
  log_level: logLevel,
  /**
   * The HTTP proxy to relays without their own, `http://[USER:PASSWORD@]HOST:PORT`; null: the environment's. Shown
   * without user and password.
   */
  proxy: proxyUrl.nullable().optional(),
});

/** Administration of a relay from here, by a token that the agent stores. */
export const adminAccess = z.object({
  relay: z.string(),
});

/** One check of `doctor`, or one stage of `test`. */
export const step = z.object({
  /**
   * Stable: for `doctor` `tap`, `dns`, `reach`, `tls`, `websocket`, `auth`, `mtu`, `overlap`, `peer`; for `test` its
   * kind.
   */
  id: z.string(),
  state: z.enum(["running", "pass", "fail", "skipped"]),
  /** The result. */
  detail: z.string().nullable(),
  /** The next step, if it failed. */
  hint: z.string().nullable(),
  /** The measured value: milliseconds, `bit/s`, bytes. */
  value: z.number().nullable(),
  unit: z.enum(["ms", "bit/s", "bytes"]).nullable(),
  /** 0 to 1, while it runs, if known. */
  progress: z.number().nullable(),
});

export const testKind = z.enum(["broadcast", "multicast", "throughput", "path-mtu"]);

export type NetworkRef = z.infer<typeof networkRef>;
export type NetworkState = z.infer<typeof networkState>;
export type NetworkStatus = z.infer<typeof networkStatus>;
export type Problem = z.infer<typeof problem>;
export type Peer = z.infer<typeof peer>;
export type LogLevel = z.infer<typeof logLevel>;
export type LogEntry = z.infer<typeof logEntry>;
export type Settings = z.infer<typeof settings>;
export type AdminAccess = z.infer<typeof adminAccess>;
export type Step = z.infer<typeof step>;
export type TestKind = z.infer<typeof testKind>;
