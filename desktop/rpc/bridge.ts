// The calls and events of the window: the agent's (schema.ts), and the app's own. The preload exposes them as
// `window.laneway`; the main process validates every call by these schemas.
import { z } from "zod";
import { type EventData, type EventName, type Method, methods, type Params, type Result } from "./schema.ts";
import { type Problem, problem } from "./shapes.ts";

/** An error as it crosses the bridge. */
export type BridgeError = Problem;

/** The app's settings. Language and theme `system` follow the desktop. */
export const appSettings = z.strictObject({
  language: z.enum(["system", "en", "zh-CN"]),
  theme: z.enum(["system", "light", "dark"]),
  start_at_login: z.boolean(),
  /** The effect of closing the window. The agent keeps the networks up in both cases. */
  on_close: z.enum(["tray", "quit"]),
  notifications: z.boolean(),
});
export type AppSettings = z.infer<typeof appSettings>;

/** The app's connection to the agent. */
export const agentLink = z.strictObject({
  /**
   * `absent`: no process listens on the socket. `denied`: this user may not open the socket. `untrusted`: it belongs to
   * neither root nor this user. `incompatible`: the agent uses another version of the schema.
   */
  state: z.enum(["connecting", "connected", "absent", "denied", "untrusted", "incompatible"]),
  /** The agent's version, once known. */
  version: z.string().optional(),
  /** Whether this user may change networks; otherwise it is read-only. */
  may_change: z.boolean(),
  /** What the agent's system lacks for interfaces; see `hello`. Null also if unknown. */
  tap_problem: problem.nullable(),
});
export type AgentLink = z.infer<typeof agentLink>;

/** The state sent to a new window. */
export const appState = z.strictObject({
  version: z.string(),
  platform: z.enum(["linux", "win32", "darwin"]),
  /** The desktop's language, BCP 47. */
  locale: z.string(),
  /** Path of the agent's socket. */
  socket: z.string(),
  agent: agentLink,
  settings: appSettings,
  /** A `laneway://` link that opened the app and that the window has not taken yet. */
  link: z.string().optional(),
});
export type AppState = z.infer<typeof appState>;

/** The pages that may be opened in the user's browser. */
export const PAGES = ["documentation", "issues", "releases"] as const;

const nothing = z.strictObject({});

/** The methods that the app answers itself; all others go to the agent. */
export const appMethods = {
  "app.state": { params: nothing, result: appState },
  /** Changes some settings; returns all. */
  "app.settings.set": { params: appSettings.partial(), result: appSettings },
  /** Connects to the agent now rather than at the next try. */
  "app.agent.retry": { params: nothing, result: agentLink },
  /** The window has taken the link. */
  "app.link.taken": { params: nothing, result: nothing },
  "app.copy": { params: z.strictObject({ text: z.string().max(1_048_576) }), result: nothing },
  "app.open": { params: z.strictObject({ page: z.enum(PAGES) }), result: nothing },
  /** Asks for a file, and captures this machine's port in a network into it. */
  "app.capture.start": {
    params: z.strictObject({ network: z.string(), seconds: z.number().int().min(1).max(86_400).optional() }),
    /** Without a job: the user chose no file. */
    result: z.strictObject({ job: z.string().optional(), file: z.string().optional() }),
  },
  "app.capture.stop": { params: z.strictObject({ job: z.string() }), result: nothing },
  "app.quit": { params: nothing, result: nothing },
} as const;
export type AppMethods = typeof appMethods;
export type AppMethod = keyof AppMethods;

/** Events of the app for the window. */
export const appEvents = {
  "app.agent": agentLink,
  "app.settings": appSettings,
  /** A `laneway://` link was opened. */
  "app.link": z.strictObject({ link: z.string() }),
  /** The tray or a notification asks for a screen. */
  "app.show": z.strictObject({ screen: z.enum(["networks", "settings"]), network: z.string().optional() }),
  "app.capture": z.strictObject({
    job: z.string(),
    state: z.enum(["running", "done", "failed"]),
    file: z.string(),
    packets: z.number(),
    bytes: z.number(),
    error: problem.optional(),
  }),
} as const;
export type AppEvents = typeof appEvents;
export type AppEvent = keyof AppEvents;

/** Methods that only the main process uses: the window has `app.capture.…`, and gets events anyway. */
const WITHHELD = ["hello", "subscribe", "capture.start", "capture.stop"] as const;

/** The agent's methods that the window may call. */
export type AgentMethod = Exclude<Method, (typeof WITHHELD)[number]>;
/** The agent's events for the window; pieces of a capture go only to the file. */
export type AgentEvent = Exclude<EventName, "capture">;

/** Returns whether the window may call the method and the agent answers it. */
export function isAgentMethod(name: string): name is AgentMethod {
  return Object.hasOwn(methods, name) && !(WITHHELD as readonly string[]).includes(name);
}

/** Returns whether the app answers the method itself. */
export function isAppMethod(name: string): name is AppMethod {
  return Object.hasOwn(appMethods, name);
}

/** Every method that the window may call, with its parameters and result. */
export type BridgeMethod = AgentMethod | AppMethod;
export type BridgeParams<M extends BridgeMethod> = M extends AppMethod
  ? z.input<AppMethods[M]["params"]>
  : M extends AgentMethod
    ? Params<M>
    : never;
export type BridgeResult<M extends BridgeMethod> = M extends AppMethod
  ? z.output<AppMethods[M]["result"]>
  : M extends AgentMethod
    ? Result<M>
    : never;

/** Every event for the window, with its data. */
export type BridgeEvent = AgentEvent | AppEvent;
export type BridgeEventData<E extends BridgeEvent> = E extends AppEvent
  ? z.output<AppEvents[E]>
  : E extends AgentEvent
    ? EventData<E>
    : never;

/** The result of a call. An Error would lose its code when it crosses the bridge. */
export type Outcome<T> =
  | { readonly ok: true; readonly result: T }
  | { readonly ok: false; readonly error: Problem };

/** `window.laneway`. */
export interface Bridge {
  /** Calls a method. Never rejects: errors are in the outcome. */
  call<M extends BridgeMethod>(method: M, params: BridgeParams<M>): Promise<Outcome<BridgeResult<M>>>;
  /** Adds a listener until the returned function is called. */
  on<E extends BridgeEvent>(event: E, listener: (data: BridgeEventData<E>) => void): () => void;
}
