import type { IpcMain, WebContents, WebFrameMain } from "electron";
import { describe, expect, it } from "vitest";
import { type AppAnswers, answerCalls } from "../../../desktop/main/calls.ts";
import type { Call } from "../../../desktop/rpc/schema.ts";
import { Fault } from "../../../shared/values/fault.ts";

type Handler = (event: object, ...args: unknown[]) => Promise<unknown>;

/** The calls of a window, with an agent that answers `agent`. */
function calls(agent: (method: string, params: unknown) => unknown = () => ({})) {
  let handler: Handler = () => Promise.reject(new Error("nothing is handled"));
  const reported: unknown[] = [];
  const frame = (url: string) => ({ url }) as WebFrameMain;
  const mainFrame = frame("app://laneway/index.html");
  const contents = { mainFrame } as WebContents;
  answerCalls({ handle: (_channel: string, given: Handler) => (handler = given) } as unknown as IpcMain, {
    answers: { "app.quit": () => ({}) } as unknown as AppAnswers,
    agent: (async (method: string, params: unknown) => agent(method, params)) as unknown as Call,
    contents: () => contents,
    report: (error) => reported.push(error),
  });
  return {
    reported,
    frame,
    contents,
    call: (method: unknown, params: unknown, event: object = { sender: contents, senderFrame: mainFrame }) =>
      handler(event, method, params),
  };
}

describe("a call from the window", () => {
  it("reaches the agent as the schema parses it, and otherwise not at all", async () => {
    const heard: unknown[] = [];
    const { call } = calls((method, params) => {
      heard.push([method, params]);
      return { networks: [] };
    });
    expect(await call("status", { more: 1 })).toEqual({ ok: true, result: { networks: [] } });
    expect(await call("wake", { network: "n1" })).toMatchObject({
      ok: false,
      error: { code: "agent.invalid-params", message: expect.stringContaining("'wake' are wrong at 'mac'") },
    });
    expect(await call("status", undefined)).toMatchObject({ ok: false });
    expect(heard).toEqual([["status", {}]]);
  });

  it("is rejected unless it comes from our own page's top frame", async () => {
    const { call, frame, contents } = calls();
    const strangers = [
      { sender: contents, senderFrame: null },
      { sender: contents, senderFrame: frame("app://laneway/index.html") },
      { sender: { mainFrame: frame("app://laneway/index.html") }, senderFrame: contents.mainFrame },
    ];
    for (const event of strangers) await expect(call("app.quit", {}, event)).rejects.toThrow("not allowed");
    for (const url of [
      "https://laneway/index.html",
      "app://laneway.evil/index.html",
      "app://evil/",
      "null",
      "",
      "data:text/html,",
    ]) {
      Object.assign(contents.mainFrame, { url });
      await expect(call("app.quit", {}), url).rejects.toThrow("not allowed");
    }
  });

  it("gets errors that the user can correct, and of bugs only that there was one", async () => {
    const fault = new Fault({ code: "agent.gone", message: "the agent is gone", hint: "Wait." });
    const first = calls(() => {
      throw fault;
    });
    expect(await first.call("status", {})).toEqual({
      ok: false,
      error: { code: "agent.gone", message: "the agent is gone", hint: "Wait." },
    });
    expect(first.reported).toEqual([]);
    const mistake = new TypeError("secret things");
    const second = calls(() => {
      throw mistake;
    });
    expect(JSON.stringify(await second.call("status", {}))).not.toContain("secret");
    expect(second.reported).toEqual([mistake]);
  });
});
