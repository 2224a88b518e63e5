// The double must be strict: a call that it accepts and Electron rejects would pass every test.
import { describe, expect, it } from "vitest";
import { checkPreferences } from "./double/browser-window.ts";
import { Events } from "./double/events.ts";
import { ProtocolDouble } from "./double/protocol.ts";
import { fromBrowser, toBrowser } from "./double/scheme.ts";
import { strict } from "./double/strict.ts";
import { decode, encode } from "./double/wire.ts";

const safe = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  devTools: false,
};

describe("the double of electron", () => {
  it("throws for unknown members", () => {
    const app = strict("app", { quit: () => "bye" });
    expect(app.quit()).toBe("bye");
    expect(() => (app as unknown as { relaunch(): void }).relaunch()).toThrow("does not know app.relaunch");
    expect(() => Object.assign(app, { name: "x" })).toThrow("does not know app.name");
    expect(() => new Events("app", ["ready"]).on("redy", () => {})).toThrow("does not know the event 'redy'");
  });

  it("throws for web preferences that are unsafe, missing or unknown", () => {
    expect(() => checkPreferences(safe, true)).not.toThrow();
    for (const [name, value] of Object.entries(safe)) {
      expect(() => checkPreferences({ ...safe, [name]: !value }, true), name).toThrow("unsafe");
      expect(() => checkPreferences({ ...safe, [name]: undefined }, true), name).toThrow("unsafe");
    }
    expect(() => checkPreferences({ ...safe, enableBlinkFeatures: "x" }, true)).toThrow("does not know");
    expect(() => checkPreferences({ ...safe, devTools: true }, false)).not.toThrow();
  });

  it("accepts schemes only before the app is ready, and without special rights", () => {
    let ready = false;
    const protocol = new ProtocolDouble(() => ready);
    const say = (privileges: Record<string, boolean>) =>
      protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges }]);
    expect(() => say({ standard: true, secure: true, bypassCSP: true })).toThrow("bypassCSP");
    say({ standard: true });
    ready = true;
    expect(() => protocol.handle("app", () => new Response())).toThrow("standard, secure");
    expect(() => say({ standard: true, secure: true })).toThrow("before app is ready");
  });

  it("carries values of JSON and undefined, and refuses all others", () => {
    const value = {
      list: [1, -0.5, true, null, undefined, [{ a: 1 }]],
      entries: "an object of its own",
      ["__proto__" as string]: "a key",
    };
    expect(decode(encode(value))).toEqual(value);
    for (const refused of [
      () => {},
      Symbol("x"),
      new (class Thing {})(),
      new Date(),
      new Map(),
      Number.NaN,
      10n,
      [() => {}],
    ]) {
      expect(() => encode(refused)).toThrow("could not be cloned");
    }
  });

  it("maps a URL of the app's scheme to the browser and back", () => {
    const url = "app://laneway/index.html?a#b";
    expect(toBrowser(url)).toBe("https://laneway.app.invalid/index.html?a#b");
    expect(fromBrowser(toBrowser(url))).toBe(url);
    for (const other of [
      "https://example.org/",
      "https://x.app.invalid.example/",
      "about:blank",
      "data:,x",
    ]) {
      expect(fromBrowser(other)).toBe(other);
    }
  });
});
