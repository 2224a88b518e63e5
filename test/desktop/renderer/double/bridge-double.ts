import {
  appEvents,
  appMethods,
  type Bridge,
  type BridgeEvent,
  type BridgeEventData,
  type BridgeMethod,
  type BridgeParams,
  type BridgeResult,
  isAppMethod,
  type Outcome,
} from "../../../../desktop/rpc/bridge.ts";
import { methods, notifications } from "../../../../desktop/rpc/schema.ts";
import type { NetworkStatus, Problem } from "../../../../desktop/rpc/shapes.ts";
import { INVITE, network, type Scene } from "./scene.ts";

/** A call of the window. */
export interface Call {
  readonly method: BridgeMethod;
  readonly params: unknown;
}

type Answers = { readonly [M in BridgeMethod]: (params: BridgeParams<M>) => BridgeResult<M> };

type Listener = (data: never) => void;

/**
 * The bridge without an app and an agent behind it. It answers from a scene and emits events on demand; everything that
 * passes must match the schema, or it throws.
 */
export class BridgeDouble implements Bridge {
  readonly calls: Call[] = [];
  readonly #listeners = new Map<BridgeEvent, Set<Listener>>();
  readonly #refusals = new Map<BridgeMethod, Problem>();
  #scene: Scene;
  #jobs = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  async call<M extends BridgeMethod>(method: M, params: BridgeParams<M>): Promise<Outcome<BridgeResult<M>>> {
    const table = isAppMethod(method) ? appMethods[method] : methods[method as keyof typeof methods];
    const given = table.params.parse(params);
    this.calls.push({ method, params: structuredClone(given) });
    // As between processes: no answer in the same turn.
    await new Promise((resolve) => setTimeout(resolve));
    const error = this.#refusals.get(method);
    if (error !== undefined) return { ok: false, error };
    const result = table.result.parse(this.#answers[method](params));
    return { ok: true, result: structuredClone(result) as BridgeResult<M> };
  }

  on<E extends BridgeEvent>(event: E, listener: (data: BridgeEventData<E>) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Sends an event to the window. */
  emit<E extends BridgeEvent>(event: E, data: BridgeEventData<E>): void {
    const schema =
      event in appEvents
        ? appEvents[event as keyof typeof appEvents]
        : notifications[event as keyof typeof notifications];
    const told = schema.parse(data);
    for (const listener of this.#listeners.get(event) ?? []) listener(structuredClone(told) as never);
  }

  /** Makes a method fail from now on, or answer again. */
  refuse(method: BridgeMethod, problem: Problem | null): void {
    if (problem === null) this.#refusals.delete(method);
    else this.#refusals.set(method, problem);
  }

  #job(): { job: string } {
    this.#jobs += 1;
    return { job: `job-${this.#jobs}` };
  }

  #find(reference: string): NetworkStatus {
    const found = this.#scene.networks.find(({ id }) => id === reference);
    if (found === undefined)
      throw new Error(`the window asked for a network '${reference}' that it was not told of`);
    return found;
  }

  #put(changed: NetworkStatus): NetworkStatus {
    const others = this.#scene.networks.filter(({ id }) => id !== changed.id);
    this.#scene = { ...this.#scene, networks: [...others, changed] };
    this.emit("changed", { networks: [changed], removed: [] });
    return changed;
  }

  readonly #answers: Answers = {
    "app.state": () => this.#scene.app,
    "app.settings.set": (change) => {
      const settings = { ...this.#scene.app.settings, ...definedOf(change) };
      this.#scene = { ...this.#scene, app: { ...this.#scene.app, settings } };
      return settings;
    },
    "app.agent.retry": () => this.#scene.app.agent,
    "app.link.taken": () => ({}),
    "app.copy": () => ({}),
    "app.open": () => ({}),
    "app.quit": () => ({}),
    "app.capture.start": () => ({ ...this.#job(), file: "/home/anna/lan.pcapng" }),
    "app.capture.stop": () => ({}),
    status: () => ({ networks: [...this.#scene.networks] }),
    peers: ({ network: id }) => ({ id, peers: [...(this.#scene.peers[id] ?? [])] }),
    join: ({ name }) => {
      const joined = network("lan", { state: "connecting", wanted: false });
      this.#put(joined);
      const { id, relay } = joined;
      return {
        device: "d-1",
        name: name ?? "anna-laptop",
        tenant: "default",
        relay,
        networks: [{ id, name: "lan", vni: 101 }],
      };
    },
    up: ({ network: id }) => ({
      network: this.#put({ ...this.#find(id), state: "up", wanted: true, error: null }),
    }),
    down: ({ network: id = "" }) => ({
      networks: [this.#put({ ...this.#find(id), state: "down", wanted: false })],
    }),
    leave: ({ network: id }) => {
      const networks = this.#scene.networks.filter((one) => one.id !== this.#find(id).id);
      this.#scene = { ...this.#scene, networks };
      this.emit("changed", { networks: [], removed: [id] });
      return { id };
    },
    "autostart.set": ({ network: id, autostart }) => ({
      network: this.#put({ ...this.#find(id), autostart }),
    }),
    "settings.get": () => ({ log_level: "info", proxy: null }),
    "settings.set": ({ log_level = "info", proxy = null }) => ({ log_level, proxy }),
    logs: () => ({ entries: [...this.#scene.logs] }),
    report: () => ({ text: this.#scene.report }),
    wake: () => ({}),
    doctor: () => this.#job(),
    test: () => this.#job(),
    cancel: ({ job }) => {
      setTimeout(() => this.emit("done", { job, outcome: "cancelled", error: null }));
      return {};
    },
    "admin.set": ({ relay, token }) => {
      const others = this.#scene.relays.filter((one) => one !== relay);
      this.#scene = { ...this.#scene, relays: token === null ? others : [...others, relay] };
      return {};
    },
    "admin.list": () => ({ relays: this.#scene.relays.map((relay) => ({ relay })) }),
    "network.create": ({ name, tenant = "default" }) => ({ name, tenant, vni: 102 }),
    "invite.create": () => ({ id: "i-1", link: INVITE }),
  };
}

/** Returns the object without undefined values. */
function definedOf<T extends object>(value: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}
