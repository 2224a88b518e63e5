/**
 * What the agent is asked and answers: the methods and notifications of its JSON-RPC (message.ts has the envelope).
 *
 * A caller says `hello` first. Some methods go on after their answer: they are jobs, which tell how they go on by
 * `progress` and `capture` and end with `done`; `cancel` ends them early, and so does the end of the connection. Both
 * sides, and the doubles in tests, derive from the two tables here.
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

/** Raised when an older caller would misunderstand; fields may be added without. */
export const RPC_VERSION = 1;

/** What may be followed; `traffic` and the others begin with what is there when `subscribe` is answered. */
export const topic = z.enum(["status", "peers", "traffic", "logs"]);
export type Topic = z.infer<typeof topic>;

const nothing = z.object({});
const job = z.object({ job: z.string() });
const ofJob = z.object({ job: z.string().max(64) });

/**
 * How a relay is reached, kept with what it is told for. `relay` and `link` may have a user and a password for what is
 * in front of the relay, and the zone of a link-local address.
 */
const way = {
  /** The HTTP proxy to it, in place of the agent's and the environment's. */
  proxy: proxyUrl.optional(),
  /** Authorities that are trusted besides the system's. */
  ca: certificates.optional(),
};

/** Who may ask: everybody who reaches the socket, or those who may change things. */
type Right = "read" | "change";

function method<Params extends z.ZodType, Result extends z.ZodType>(
  right: Right,
  params: Params,
  result: Result,
) {
  return { right, params, result } as const;
}

export const methods = {
  /** Has to be the first. Fails with `agent.version` where the two don't speak the same. */
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
      /** What this system lacks for interfaces, such as `tap.unsupported-platform`; null where it can make them. */
      tap_problem: problem.nullable(),
      /** Where the agent keeps its state; null for callers who may not change things. */
      state_directory: z.string().nullable(),
      /** Names the network namespace that its interfaces are in. */
      netns: z.string().nullable(),
    }),
  ),
  /** Every network that this machine is enrolled for, or has up. */
  status: method("read", nothing, z.object({ networks: z.array(networkStatus) })),
  /** The other members, those seen before too. */
  peers: method("read", networkRef, z.object({ id: z.string(), peers: z.array(peer) })),
  /** Topic `logs` is for those who may change things. Adds to what this connection follows. */
  subscribe: method("read", z.object({ topics: z.array(topic).max(8) }), nothing),
  /** Enrols this machine by an invite. It does not bring the network up. */
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
   * Has a network up from now on; answered at once, while it is `connecting`. Options not given stay as they were.
   * With a token, `relay` has to be given, and the machine need not be enrolled.
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
      /** Whether the network may take what this machine reaches in other ways; not so unless told. */
      allow_overlap: z.boolean().optional(),
      ...way,
    }),
    z.object({ network: networkStatus }),
  ),
  /** Has a network down from now on, without network all; answered once the interfaces are gone. */
  down: method("change", networkRef.partial(), z.object({ networks: z.array(networkStatus) })),
  /** Down, and forgotten here, with the device's key where it was the last network that it opened. */
  leave: method("change", networkRef, z.object({ id: z.string() })),
  /** Whether a network that is up comes back by itself after the machine was started; it does unless told. */
  "autostart.set": method(
    "change",
    networkRef.extend({ autostart: z.boolean() }),
    z.object({ network: networkStatus }),
  ),
  "settings.get": method("read", nothing, settings),
  "settings.set": method("change", settings.partial(), settings),
  /** The newest entries last. */
  logs: method(
    "change",
    z.object({
      level: logLevel.optional(),
      network: name.optional(),
      limit: z.number().int().min(1).max(1_000).optional(),
    }),
    z.object({ entries: z.array(logEntry) }),
  ),
  /** For whoever helps: versions, system, networks, log; without secrets, host names and public addresses. */
  report: method("change", nothing, z.object({ text: z.string() })),
  /** Sends Wake-on-LAN packets onto a network. */
  wake: method("change", networkRef.extend({ mac: z.string().max(17) }), nothing),
  /** Job: ordered checks of a network, or of a relay alone. */
  doctor: method("change", networkRef.partial().extend(way), job),
  /** Job: measures between this machine and a member. */
  test: method("change", networkRef.extend({ kind: testKind, vtep: name }), job),
  /** Job: a copy of every frame at this machine's port, as pcapng. */
  "capture.start": method(
    "change",
    networkRef.extend({ seconds: z.number().int().min(1).max(86_400).optional() }),
    job,
  ),
  /** Ends a capture well: what was read is told first. */
  "capture.stop": method("change", ofJob, nothing),
  cancel: method("change", ofJob, nothing),
  /** Keeps an administrator's token of a relay after trying it, or with null forgets it. */
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

/** What the agent says unasked. */
export const notifications = {
  /** Networks that changed, whole, and the `id`s of those that are no more. Counters alone are no change. */
  changed: z.object({ networks: z.array(networkStatus), removed: z.array(z.string()) }),
  /** A member came, went, or changed. */
  peer: z.object({ id: z.string(), peer }),
  /** About once a second, while something goes on: counters as in the status. */
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
  /** `failed` without an error: the steps have said what. */
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

/** A typed caller: what the client is, what the preload hands to the window, and what doubles implement. */
export type Call = <M extends Method>(method: M, params: Params<M>) => Promise<Result<M>>;
