/**
 * Runs in a page: Electron's context bridge and the preload's `require`. As in Electron, a page has two worlds, its own
 * and the preload's, which share the document and no objects. They exchange events on the document, whose details
 * Chromium clones from world to world; functions become numbers that the other side can call. The functions here are
 * sent to the page as text, so they use nothing from outside.
 */

/** The used part of the DOM. */
declare const document: EventTarget;

/** A function call as it crosses, and its answer. */
type Packed =
  | { $fn: number }
  | { $promise: number }
  | { $list: Packed[] }
  | { $object: [string, Packed][] }
  | { $value: unknown };

/** Exchanges values, functions and promises between the two worlds of a page. */
export interface Exchange {
  pack(value: unknown): Packed;
  unpack(packed: Packed): unknown;
}

/**
 * One world's end.
 *
 * @param channel of the events between the two, which the page can't guess
 * @param own which end this is
 */
export function makeExchange(channel: string, own: "page" | "preload"): Exchange {
  const other = own === "page" ? "preload" : "page";
  const functions: ((...args: unknown[]) => unknown)[] = [];
  const promises = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  let lastPromise = 0;
  const send = (to: string, detail: unknown) =>
    document.dispatchEvent(new CustomEvent(`${channel}:${to}`, { detail }));

  const pack = (value: unknown): Packed => {
    if (typeof value === "function") {
      return { $fn: functions.push(value as (...args: unknown[]) => unknown) - 1 };
    }
    if (value instanceof Promise) {
      const id = ++lastPromise;
      value.then(
        (result) => send(`${other}:settled`, { id, ok: true, value: pack(result) }),
        (error) => send(`${other}:settled`, { id, ok: false, message: String(error?.message ?? error) }),
      );
      return { $promise: id };
    }
    if (Array.isArray(value)) return { $list: value.map(pack) };
    if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      return { $object: Object.entries(value).map(([key, inner]) => [key, pack(inner)]) };
    }
    return { $value: value };
  };

  const unpack = (packed: Packed): unknown => {
    if ("$list" in packed) return packed.$list.map(unpack);
    if ("$object" in packed) {
      return Object.fromEntries(packed.$object.map(([key, inner]) => [key, unpack(inner)]));
    }
    if ("$promise" in packed) {
      return new Promise((resolve, reject) => promises.set(packed.$promise, { resolve, reject }));
    }
    if ("$fn" in packed) {
      return (...args: unknown[]) => {
        // Events are dispatched synchronously, so the answer is there when this returns.
        let answer: { ok: boolean; value: Packed; message: string } | undefined;
        const hear = (event: Event) => {
          answer = (event as CustomEvent).detail;
        };
        document.addEventListener(`${channel}:${own}:answer`, hear);
        send(`${other}:call`, { fn: packed.$fn, args: args.map(pack) });
        document.removeEventListener(`${channel}:${own}:answer`, hear);
        if (answer === undefined) throw new Error("the other world did not answer");
        if (!answer.ok) throw new Error(answer.message);
        return unpack(answer.value);
      };
    }
    return packed.$value;
  };

  document.addEventListener(`${channel}:${own}:call`, (event) => {
    const { fn, args } = (event as CustomEvent).detail;
    let answer: object;
    try {
      answer = { ok: true, value: pack(functions[fn]?.(...args.map(unpack))) };
    } catch (error) {
      answer = { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
    send(`${other}:answer`, answer);
  });
  document.addEventListener(`${channel}:${own}:settled`, (event) => {
    const { id, ok, value, message } = (event as CustomEvent).detail;
    const waiting = promises.get(id);
    promises.delete(id);
    if (ok) waiting?.resolve(unpack(value));
    else waiting?.reject(new Error(message));
  });
  return { pack, unpack };
}

/** The page's world: receives what the preload exposes, and makes it a deeply frozen constant. */
export function pageWorld(channel: string, exchange: typeof makeExchange): void {
  const { unpack } = exchange(channel, "page");
  const freeze = (value: unknown): unknown => {
    if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
    return value;
  };
  document.addEventListener(`${channel}:expose`, (event) => {
    const { key, api } = (event as CustomEvent).detail;
    Object.defineProperty(globalThis, key, { value: freeze(unpack(api)), enumerable: true });
  });
}

/** Names in the preload's world: the binding into the main process, and the function it calls. */
export interface PreloadGlobals {
  laneway_double_post?: (text: string) => void;
  laneway_double_hear?: (text: string) => void;
}

/** The preload's world: runs the preload with a `require` that knows only `electron`. */
export function preloadWorld(
  channel: string,
  exchange: typeof makeExchange,
  encodeValue: (value: unknown) => string,
  decodeValue: (text: string) => unknown,
  preload: (require: (name: string) => unknown, module: object, exports: object) => void,
): void {
  const { pack } = exchange(channel, "preload");
  const globals = globalThis as PreloadGlobals;
  const post = globals.laneway_double_post;
  delete globals.laneway_double_post;
  if (post === undefined) throw new Error("there is no way to the main process");
  const refuse = (name: string, target: object) =>
    new Proxy(target, {
      get(object, key) {
        if (typeof key === "symbol" || key in object) return Reflect.get(object, key);
        throw new Error(`the double of electron does not know ${name}.${key} in a preload`);
      },
    });
  const calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const listeners = new Map<string, ((event: object, ...args: unknown[]) => void)[]>();
  let last = 0;
  globals.laneway_double_hear = (text) => {
    const message = decodeValue(text) as {
      id?: number;
      ok?: boolean;
      value?: unknown;
      channel?: string;
      args?: unknown[];
    };
    if (message.id !== undefined) {
      const waiting = calls.get(message.id);
      calls.delete(message.id);
      if (message.ok) waiting?.resolve(message.value);
      else waiting?.reject(new Error(String(message.value)));
      return;
    }
    for (const listener of listeners.get(message.channel ?? "") ?? []) listener({}, ...(message.args ?? []));
  };
  const ipcRenderer = {
    invoke(name: string, ...args: unknown[]) {
      const id = ++last;
      return new Promise((resolve, reject) => {
        const text = encodeValue({ id, channel: name, args });
        calls.set(id, { resolve, reject });
        post(text);
      });
    },
    on(name: string, listener: (event: object, ...args: unknown[]) => void) {
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
    },
  };
  const contextBridge = {
    exposeInMainWorld(key: string, api: unknown) {
      document.dispatchEvent(new CustomEvent(`${channel}:expose`, { detail: { key, api: pack(api) } }));
    },
  };
  const electron = refuse("electron", {
    contextBridge: refuse("contextBridge", contextBridge),
    ipcRenderer: refuse("ipcRenderer", ipcRenderer),
  });
  const module = { exports: {} };
  preload(
    (name) => {
      if (name === "electron") return electron;
      throw new Error(`a preload in the sandbox can't require '${name}'`);
    },
    module,
    module.exports,
  );
}
