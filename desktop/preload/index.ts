// The window's access to the app: calls and events, and nothing that reaches further. It runs in the sandbox, isolated,
// and is one file that needs only `electron`. The app decides which calls are allowed (desktop/main/calls.ts), because
// an attacker in the window could bypass checks here.
import { contextBridge, ipcRenderer } from "electron";
import { CALL_CHANNEL, EVENT_CHANNEL } from "../main/channels.ts";
import type { Outcome } from "../rpc/bridge.ts";

type Listener = (data: unknown) => void;
const listeners = new Map<string, Set<Listener>>();

ipcRenderer.on(EVENT_CHANNEL, (_event, name: string, data: unknown) => {
  // Electron's event stays here, because it contains the sender.
  for (const listener of [...(listeners.get(name) ?? [])]) listener(data);
});

/** Never rejects, as the window's Bridge promises: if the app can't be reached, the outcome says so. */
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
  // A new one for every call, so that a listener added twice can be removed once.
  const entry: Listener = (data) => listener(data);
  listeners.set(name, own.add(entry));
  return () => {
    own.delete(entry);
  };
}

contextBridge.exposeInMainWorld("laneway", { call, on });
