import { describe, expect, it, vi } from "vitest";
import { type AgentClient, AgentConnection } from "../../../../desktop/main/agent/agent-connection.ts";
import type { AgentLink } from "../../../../desktop/rpc/bridge.ts";
import { Fault } from "../../../../shared/values/fault.ts";

function client(): AgentClient & { end(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    call: async () => ({ networks: [] }) as never,
    hello: { agent: "1.2.3", may_change: true, tap_problem: null },
    closed: promise,
    close: resolve,
    end: resolve,
  };
}

const fault = (code: string) => new Fault({ code, message: code, hint: "." });

describe("the connection to the agent", () => {
  it("is made as soon as there is an agent, and again after a loss", async () => {
    const links: AgentLink["state"][] = [];
    const ends = new AbortController();
    const clients = [client(), client()];
    const results: (Fault | AgentClient)[] = [
      fault("agent.not-running"),
      fault("agent.not-reachable"),
      ...clients,
    ];
    const connection = new AgentConnection({
      connect: async () => {
        const next = results.shift() ?? fault("agent.untrusted-socket");
        if (next instanceof Fault) throw next;
        return next;
      },
      hear: () => {},
      changed: ({ state }) => links.push(state),
    });
    const running = connection.run(ends.signal);
    const until = (state: AgentLink["state"], count: number) =>
      vi.waitFor(() => {
        connection.retry();
        expect(links.filter((one) => one === state).length).toBe(count);
      }, 20_000);
    await until("connected", 1);
    expect(links).toEqual(["absent", "denied", "connected"]);
    expect(connection.link).toMatchObject({ version: "1.2.3", may_change: true });
    expect(await connection.call("status", {})).toEqual({ networks: [] });
    clients[0]?.end();
    await until("connected", 2);
    clients[1]?.end();
    await until("untrusted", 1);
    await expect(connection.call("status", {})).rejects.toMatchObject({ code: "agent.untrusted-socket" });
    ends.abort();
    await running;
  });

  it("is never tried if the system can't have an agent, and every call gets the reason", async () => {
    const unsupported = { code: "tap.unsupported-platform", message: "no", hint: "." };
    const connection = new AgentConnection({
      connect: () => Promise.reject(new Error("it was tried")),
      hear: () => {},
      changed: () => {},
      unsupported,
    });
    await connection.run(AbortSignal.timeout(60_000));
    expect(connection.link).toEqual({ state: "absent", may_change: false, tap_problem: unsupported });
    await expect(connection.call("status", {})).rejects.toMatchObject(unsupported);
  });
});
