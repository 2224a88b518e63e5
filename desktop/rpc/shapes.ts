/** What agent and callers tell each other about: the objects in the parameters and results of schema.ts. */
import { z } from "zod";

/** Bounds on what a caller may say, in characters. */
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

/** Which network is meant: its `id`, or its name, with tenant or relay where the name alone could mean several. */
export const networkRef = z.object({
  network: name,
  tenant: name.optional(),
  relay: relayUrl.optional(),
});

/**
 * How it stands with a network:
 * `down`: not wanted; `connecting`: wanted, and not up yet since; `up`: frames pass; `reconnecting`: it was up, and the
 * relay is away; `failed`: wanted, and given up for the reason in `error`.
 */
export const networkState = z.enum(["down", "connecting", "up", "reconnecting", "failed"]);

/** Something that went wrong, as users are told: see error-codes.ts for the codes. */
export const problem = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
});

export const networkStatus = z.object({
  /** Names it for good, also where others have the same name. Opaque. */
  id: z.string(),
  network: z.string(),
  /** Null for access by token, which does not say. */
  tenant: z.string().nullable(),
  relay: z.string(),
  /** Null until the relay has told it. */
  vni: z.number().int().nullable(),
  state: networkState,
  /** Whether it is to be up, now and after the agent is started again. */
  wanted: z.boolean(),
  /** Whether it comes back by itself after the machine was started, if it is wanted then. */
  autostart: z.boolean(),
  /** Null while there is no interface, as are `mac`, `address` and `address6`. */
  tap: z.string().nullable(),
  mac: z.string().nullable(),
  /** CIDR. */
  address: z.string().nullable(),
  /** CIDR, the link-local one. */
  address6: z.string().nullable(),
  mtu: z.number().int().nullable(),
  /** How many others are online. */
  members: z.number().int(),
  /** Bytes of frames that came from the network, and went to it, since it was brought up. */
  rx_bytes: z.number(),
  tx_bytes: z.number(),
  /** Round trip to the relay, in milliseconds; null while not known. */
  latency_ms: z.number().nullable(),
  /** The last that went wrong; null once it is up again. */
  error: problem.nullable(),
  /** What the relay said of the network and this machine does not use. */
  warnings: z.array(problem).optional(),
  /** When `state` became what it is: ISO 8601. */
  since: z.string(),
  /** Whether a device's key or a token gives access. */
  access: z.enum(["device", "token"]),
});

/** Another member of a network: see `peers`. */
export const peer = z.object({
  /** Names it within the network. */
  vtep: z.string(),
  name: z.string(),
  online: z.boolean(),
  macs: z.array(z.string()),
  /** IP addresses, without prefix lengths. */
  addresses: z.array(z.string()),
  /** Round trip, in milliseconds; null while not known. */
  latency_ms: z.number().nullable(),
  /** How frames get there: `direct` is to come. */
  path: z.enum(["relayed", "direct"]),
  /** Bytes from it and to it, where they are counted. */
  rx_bytes: z.number().nullable(),
  tx_bytes: z.number().nullable(),
  /** ISO 8601; null for one that is online. */
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
  /** The `id` of the network that it is about. */
  network: z.string().nullable(),
});

export const settings = z.object({
  /** The least that is logged. */
  log_level: logLevel,
  /**
   * The HTTP proxy to all relays that have none of their own, `http://[USER:PASSWORD@]HOST:PORT`; null: that of the
   * environment. It is told without user and password.
   */
  proxy: proxyUrl.nullable().optional(),
});

/** Whom a relay lets administer it from here, by an administrator's token that the agent keeps. */
export const adminAccess = z.object({
  relay: z.string(),
});

/** One check of `doctor`, or one stage of `test`. */
export const step = z.object({
  /** Stable: for `doctor` `tap`, `dns`, `reach`, `tls`, `websocket`, `auth`, `mtu`, `overlap`, `peer`; for `test` its kind. */
  id: z.string(),
  state: z.enum(["running", "pass", "fail", "skipped"]),
  /** What was found. */
  detail: z.string().nullable(),
  /** What to do, of one that failed. */
  hint: z.string().nullable(),
  /** What was measured: milliseconds, `bit/s`, bytes. */
  value: z.number().nullable(),
  unit: z.enum(["ms", "bit/s", "bytes"]).nullable(),
  /** 0 to 1, of one that runs and knows. */
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
