import { Events } from "./events.ts";

type RequestHandler = (
  contents: unknown,
  permission: string,
  callback: (granted: boolean) => void,
  details: object,
) => void;
type CheckHandler = (
  contents: unknown,
  permission: string,
  requestingOrigin: string,
  details: object,
) => boolean;
type BeforeRequest = (
  details: { url: string; method: string; resourceType: string },
  callback: (response: { cancel?: boolean }) => void,
) => void;

/** Permissions that Chromium lets the double decide. */
export const PERMISSIONS = [
  "geolocation",
  "notifications",
  "midi",
  "clipboard-read",
  "camera",
  "microphone",
  "idle-detection",
  "local-fonts",
  "window-management",
] as const;

/** `session.defaultSession`. Without handlers everything is granted, as in Electron. */
export class SessionDouble extends Events {
  #request: RequestHandler | null = null;
  #check: CheckHandler | null = null;
  #device: (() => boolean) | null = null;
  #display: unknown = null;
  #beforeRequest: BeforeRequest | undefined;

  readonly webRequest = {
    onBeforeRequest: (listener: BeforeRequest) => {
      this.#beforeRequest = listener;
    },
  };

  constructor() {
    super("session", ["will-download"]);
  }

  setPermissionRequestHandler(handler: RequestHandler | null): void {
    this.#request = handler;
  }

  setPermissionCheckHandler(handler: CheckHandler | null): void {
    this.#check = handler;
  }

  setDevicePermissionHandler(handler: (() => boolean) | null): void {
    this.#device = handler;
  }

  setDisplayMediaRequestHandler(handler: unknown): void {
    this.#display = handler;
  }

  /** Returns whether a page gets a permission: both handlers must agree, as in Electron. */
  async permits(contents: unknown, permission: string, origin: string): Promise<boolean> {
    const asked = permission === "camera" || permission === "microphone" ? "media" : permission;
    if (this.#check !== null && !this.#check(contents, asked, origin, { isMainFrame: true })) return false;
    const request = this.#request;
    if (request === null) return true;
    return new Promise((resolve) => request(contents, asked, resolve, { isMainFrame: true }));
  }

  /** Whether the app decides about devices and the screen, rather than Electron. */
  get decidesDevices(): boolean {
    return this.#device !== null && !this.#device() && this.#display !== null;
  }

  /** Returns whether a request is allowed. */
  async allows(details: { url: string; method: string; resourceType: string }): Promise<boolean> {
    const listener = this.#beforeRequest;
    if (listener === undefined) return true;
    return new Promise((resolve) => listener(details, ({ cancel = false }) => resolve(!cancel)));
  }
}
