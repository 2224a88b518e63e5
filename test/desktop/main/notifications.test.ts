import { describe, expect, it } from "vitest";
import { type NetworkChange, NetworkWatch } from "../../../desktop/main/agent/network-watch.ts";
import { type DesktopNotification, Notifier } from "../../../desktop/main/notifications.ts";
import { wordsFor } from "../../../desktop/main/words.ts";
import { network, peer } from "./status.ts";

const problem = { code: "tunnel.closed-4001", message: "the relay refused the device", hint: "Join again." };

/** Returns the notifications for the agent's events. */
function watched(wanted = () => true) {
  const told: DesktopNotification[] = [];
  let now = 0;
  const notifier = new Notifier({
    show: (notice) => told.push(notice),
    wanted,
    words: () => wordsFor("en", "de"),
    now: () => now,
  });
  const watch = new NetworkWatch(
    (change: NetworkChange) => notifier.tell(change),
    () => now,
  );
  return {
    told,
    watch,
    later: (milliseconds: number) => {
      now += milliseconds;
    },
    states: (...states: Parameters<typeof network>[0][]) => {
      for (const state of states) watch.networksChanged({ networks: [network(state)], removed: [] });
    },
  };
}

describe("notifications", () => {
  it("report that a network is lost, and that it is back", () => {
    const { told, watch, states } = watched();
    watch.reset([network()]);
    states({ state: "reconnecting" }, { state: "reconnecting" }, { state: "up" });
    expect(told.map(({ title }) => title)).toEqual(["office: the relay is unreachable", "office is back"]);
  });

  it("report that a network failed, and why", () => {
    const { told, watch, states } = watched();
    watch.reset([network()]);
    states({ state: "failed", error: problem });
    expect(told).toEqual([{ title: "office could not be connected", body: problem.message }]);
  });

  it("do not report the state at the app's start, or the user's own actions", () => {
    const { told, watch, states } = watched();
    states({ state: "failed", error: problem });
    watch.reset([network()]);
    states({ state: "down", wanted: false });
    watch.networksChanged({ networks: [], removed: ["n1"] });
    expect(told).toEqual([]);
  });

  it("report members that come and go, but not while the relay is away", () => {
    const { told, watch, states } = watched();
    watch.reset([network()]);
    watch.peersKnown("n1", [peer()]);
    watch.peerChanged({ id: "n1", peer: peer() });
    watch.peerChanged({ id: "n1", peer: peer({ online: false }) });
    watch.peerChanged({ id: "n1", peer: peer({ vtep: "v2", name: "laptop" }) });
    watch.peerChanged({ id: "n1", peer: peer({ vtep: "v3", online: false }) });
    expect(told.map(({ title }) => title)).toEqual(["bench is offline", "laptop is online"]);
    states({ state: "reconnecting" });
    watch.peerChanged({ id: "n1", peer: peer({ vtep: "v2", name: "laptop", online: false }) });
    expect(told.map(({ title }) => title).slice(2)).toEqual(["office: the relay is unreachable"]);
  });

  it("do not list all members when a network comes up", () => {
    const { told, watch, states, later } = watched();
    watch.reset([network({ state: "reconnecting" })]);
    states({ state: "up" });
    watch.peerChanged({ id: "n1", peer: peer() });
    later(10_000);
    watch.peerChanged({ id: "n1", peer: peer({ vtep: "v2", name: "laptop" }) });
    watch.peerChanged({ id: "n1", peer: peer({ online: false }) });
    expect(told.map(({ title }) => title)).toEqual([
      "office is back",
      "laptop is online",
      "bench is offline",
    ]);
  });

  it("do not flood the desktop with repetitions", () => {
    const { told, watch, states, later } = watched();
    watch.reset([network()]);
    for (let flap = 0; flap < 5; flap++) states({ state: "reconnecting" }, { state: "up" });
    expect(told.length).toBe(2);
    later(30_000);
    states({ state: "reconnecting" });
    expect(told.length).toBe(3);
  });

  it("are not shown while the user looks at the window, or if they are off", () => {
    const { told, watch, states } = watched(() => false);
    watch.reset([network()]);
    states({ state: "reconnecting" });
    expect(told).toEqual([]);
  });
});
