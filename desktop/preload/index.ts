// What the window gets of the app: calls and events, and nothing that could reach further. It runs in the sandbox, in a world of
// its own, and is one file that needs only `electron`. What may be called is decided in the app (desktop/main/calls.ts), since
// whoever takes over the window takes over what is checked here.
import { contextBridge, ipcRenderer } from "electron";
import { CALL_CHANNEL, EVENT_CHANNEL } from "../main/channels.ts";
import type { Outcome } from "../rpc/bridge.ts";

type Listener = (data: unknown) => void;
const listeners = new Map<string, Set<Listener>>();

ipcRenderer.on(EVENT_CHANNEL, (_event, name: string, data: unknown) => {
  // The event of Electron's is kept here: it has the sender on it.
  for (const listener of [...(listeners.get(name) ?? [])]) listener(data);
});

/** Never rejects, as the window's Bridge promises: where the app itself can't be reached, the outcome says so. */
async function call(method: string, params: unknown): Promise<Outcome<unknown>> {
  try {
    return (await ipcRenderer.invoke(CALL_CHANNEL, String(method), params)) as Outcome<unknown>;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, error: { code: "app.internal", message, hint: "Start Laneway again." } };
  }
}

function on(event: string, listener: Listener): () => void {
  const name = String(event);
  const own = listeners.get(name) ?? new Set();
  // Its own for every call, so that one listener may listen twice and stop once.
  const entry: Listener = (data) => listener(data);
  listeners.set(name, own.add(entry));
  return () => {
    own.delete(entry);
  };
}

contextBridge.exposeInMainWorld("laneway", { call, on });
