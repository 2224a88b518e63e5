/**
 * The methods and notifications of the agent's JSON-RPC (message.ts has the envelope). A caller says `hello` first.
 * Some methods start jobs, which continue after the answer: they report by `progress` and `capture` and end with
 * `done`. `cancel` or the end of the connection ends them early. Both sides, and the doubles in tests, derive from the
 * two tables here.
 */
import { z } from "zod";
import {
  adminAccess,
  certificates,
  logEntry,
  logLevel,
  name,
  networkRef,
  networkStatus,
  peer,
  problem,
  proxyUrl,
  relayUrl,
  settings,
  step,
  testKind,
} from "./shapes.ts";

/** Raised when an older caller would misunderstand; added fields do not raise it. */
export const RPC_VERSION = 1;

/** Topics to follow; all except `logs` begin with the current state when `subscribe` is answered. */
export const topic = z.enum(["status", "peers", "traffic", "logs"]);
export type Topic = z.infer<typeof topic>;

const nothing = z.object({});
const job = z.object({ job: z.string() });
const ofJob = z.object({ job: z.string().max(64) });

/**
 * How a relay is reached, stored with its network or device. `relay` and `link` may contain user and password for a
 * proxy in front of the relay, and the zone of a link-local address.
 */
const way = {
  /** The outgoing HTTP proxy, instead of the agent's and the environment's. */
  proxy: proxyUrl.optional(),
  /** Authorities trusted in addition to the system's. */
  ca: certificates.optional(),
};

/** The required right: access to the socket, or the right to change things. */
type Right = "read" | "change";

function method<Params extends z.ZodType, Result extends z.ZodType>(
  right: Right,
  params: Params,
  result: Result,
) {
  return { right, params, result } as const;
}

export const methods = {
  /** Must come first. Fails with `agent.version` if the versions differ. */
  hello: method(
    "read",
    z.object({ version: z.number().int(), client: z.string().max(256) }),
    z.object({
      version: z.number().int(),
      /** The agent's own version, like `0.1.0`. */
      agent: z.string(),
      pid: z.number().int(),
      started_at: z.string(),
      /** Whether this caller may change things on this connection. */
      may_change: z.boolean(),
      /** What this system lacks for interfaces, such as `tap.unsupported-platform`; null if it can create them. */
      tap_problem: problem.nullable(),
      /** The agent's state directory; null for read-only callers. */
      state_directory: z.string().nullable(),
      /** ID of the network namespace of its interfaces. */
      netns: z.string().nullable(),
    }),
  ),
  /** Every network that this machine is enrolled for, or has up. */
  status: method("read", nothing, z.object({ networks: z.array(networkStatus) })),
  /** The other members, including those seen before. */
  peers: method("read", networkRef, z.object({ id: z.string(), peers: z.array(peer) })),
  /** Adds topics to this connection. `logs` needs the right to change things. */
  subscribe: method("read", z.object({ topics: z.array(topic).max(8) }), nothing),
  /** Enrols this machine by an invite. Does not bring the network up. */
  join: method(
    "change",
    z.object({ link: z.string().max(2_048), name: name.optional(), ...way }),
    z.object({
      device: z.string(),
      name: z.string(),
      tenant: z.string(),
      relay: z.string(),
      networks: z.array(z.object({ id: z.string(), name: z.string(), vni: z.number().int() })),
    }),
  ),
  /**
   * Brings a network up and keeps it up; answered at once, while it is `connecting`. Options that are not given keep
   * their values. With a token, `relay` is required, and the machine need not be enrolled.
   */
  up: method(
    "change",
    networkRef.extend({
      token: z.string().max(512).optional(),
      tap: z.string().max(15).optional(),
      /** CIDR or `none`. */
      address: z.string().max(64).optional(),
      mac: z.string().max(17).optional(),
      offload: z.boolean().optional(),
      /** Whether the network may overlap with what this machine reaches otherwise; false by default. */
      allow_overlap: z.boolean().optional(),
      ...way,
    }),
    z.object({ network: networkStatus }),
  ),
  /** Takes a network down and keeps it down; all of them without `network`. Answered once the interfaces are gone. */
  down: method("change", networkRef.partial(), z.object({ networks: z.array(networkStatus) })),
  /** Takes a network down and forgets it; also the device's key if it opened no other network. */
  leave: method("change", networkRef, z.object({ id: z.string() })),
  /** Whether a network that is up returns after a reboot; true by default. */
  "autostart.set": method(
    "change",
    networkRef.extend({ autostart: z.boolean() }),
    z.object({ network: networkStatus }),
  ),
  "settings.get": method("read", nothing, settings),
  "settings.set": method("change", settings.partial(), settings),
  /** Log entries, the newest last. */
  logs: method(
    "change",
    z.object({
      level: logLevel.optional(),
      network: name.optional(),
      limit: z.number().int().min(1).max(1_000).optional(),
    }),
    z.object({ entries: z.array(logEntry) }),
  ),
  /** A report for support: versions, system, networks, log; without secrets, host names and public addresses. */
  report: method("change", nothing, z.object({ text: z.string() })),
  /** Sends Wake-on-LAN packets to a network. */
  wake: method("change", networkRef.extend({ mac: z.string().max(17) }), nothing),
  /** Job: ordered checks of a network, or of a relay alone. */
  doctor: method("change", networkRef.partial().extend(way), job),
  /** Job: measures between this machine and a member. */
  test: method("change", networkRef.extend({ kind: testKind, vtep: name }), job),
  /** Job: captures every frame at this machine's port, as pcapng. */
  "capture.start": method(
    "change",
    networkRef.extend({ seconds: z.number().int().min(1).max(86_400).optional() }),
    job,
  ),
  /** Ends a capture normally: what was captured is sent first. */
  "capture.stop": method("change", ofJob, nothing),
  cancel: method("change", ofJob, nothing),
  /** Stores an administrator's token of a relay after trying it; null removes it. */
  "admin.set": method(
    "change",
    z.object({ relay: relayUrl, token: z.string().max(512).nullable(), ...way }),
    nothing,
  ),
  "admin.list": method("change", nothing, z.object({ relays: z.array(adminAccess) })),
  "network.create": method(
    "change",
    z.object({
      relay: relayUrl,
      tenant: name.default("default"),
      name,
      subnet: z.string().max(64).optional(),
    }),
    z.object({ name: z.string(), tenant: z.string(), vni: z.number().int() }),
  ),
  "invite.create": method(
    "change",
    networkRef.required({ relay: true }).extend({
      uses: z.number().int().min(1).optional(),
      expires_in: z.number().int().min(1).optional(),
    }),
    z.object({ id: z.string(), link: z.string() }),
  ),
} as const;

/** Notifications of the agent. */
export const notifications = {
  /** Changed networks, complete, and the `id`s of removed ones. Counters alone are no change. */
  changed: z.object({ networks: z.array(networkStatus), removed: z.array(z.string()) }),
  /** A member came, went, or changed. */
  peer: z.object({ id: z.string(), peer }),
  /** Counters as in the status, about once a second while they change. */
  traffic: z.object({
    at: z.string(),
    networks: z.array(
      z.object({
        id: z.string(),
        rx_bytes: z.number(),
        tx_bytes: z.number(),
        latency_ms: z.number().nullable(),
      }),
    ),
  }),
  log: logEntry,
  progress: z.object({ job: z.string(), step }),
  /** `data` is base64: the file, piece by piece. */
  capture: z.object({ job: z.string(), data: z.string(), frames: z.number(), dropped: z.number() }),
  /** `failed` without an error: the steps contain the reason. */
  done: z.object({
    job: z.string(),
    outcome: z.enum(["ok", "failed", "cancelled"]),
    error: problem.nullable(),
  }),
} as const;

export type Method = keyof typeof methods;
/** As a caller writes them. */
export type Params<M extends Method> = z.input<(typeof methods)[M]["params"]>;
/** As the agent reads them. */
export type GivenParams<M extends Method> = z.output<(typeof methods)[M]["params"]>;
export type Result<M extends Method> = z.output<(typeof methods)[M]["result"]>;

export type EventName = keyof typeof notifications;
export type EventData<E extends EventName> = z.output<(typeof notifications)[E]>;

/** A typed caller: implemented by the client, the preload's window API, and doubles. */
export type Call = <M extends Method>(method: M, params: Params<M>) => Promise<Result<M>>;
