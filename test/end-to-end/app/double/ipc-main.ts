import type { FrameDouble } from "./frame.ts";

interface InvokeEvent {
  readonly type: "frame";
  readonly frameId: string;
  /** As the app gets the `webContents`. */
  readonly sender: object;
  readonly senderFrame: FrameDouble | null;
}

type Handler = (event: InvokeEvent, ...args: unknown[]) => unknown;

/** `ipcMain`. */
export class IpcMainDouble {
  readonly #handlers = new Map<string, Handler>();

  handle(channel: string, handler: Handler): void {
    if (this.#handlers.has(channel)) {
      throw new Error(`Attempted to register a second handler for '${channel}'`);
    }
    this.#handlers.set(channel, handler);
  }

  /** Handles a page's call. @throws a rejection as Electron passes it on: its text alone */
  async invoked(event: InvokeEvent, channel: string, args: readonly unknown[]): Promise<unknown> {
    const handler = this.#handlers.get(channel);
    try {
      if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
      return await handler(event, ...args);
    } catch (error) {
      throw new Error(`Error invoking remote method '${channel}': ${String(error)}`);
    }
  }
}
