import { describe, expect, it } from "vitest";
import { Networks } from "../../../../desktop/renderer/state/networks.ts";
import { BridgeDouble } from "../double/bridge-double.ts";
import { everyday, INVITE, NOW, network, peer } from "../double/scene.ts";

async function known(): Promise<{ bridge: BridgeDouble; networks: Networks }> {
  const bridge = new BridgeDouble(everyday());
  const networks = new Networks(bridge);
  await networks.refresh();
  return { bridge, networks };
}

const names = (networks: Networks) => networks.list.value.map((one) => one.network);

describe("the networks", () => {
  it("are listed by name, and follow changes", async () => {
    const { bridge, networks } = await known();
    expect(names(networks)).toEqual(["archive", "lan", "workshop"]);
    bridge.emit("changed", { networks: [network("bench")], removed: ["n-archive"] });
    expect(names(networks)).toEqual(["bench", "lan", "workshop"]);
  });

  it("accept counters of known networks only", async () => {
    const { bridge, networks } = await known();
    const counters = { rx_bytes: 5, tx_bytes: 6, latency_ms: 7 };
    bridge.emit("traffic", {
      at: NOW,
      networks: [
        { id: "n-lan", ...counters },
        { id: "n-gone", ...counters },
      ],
    });
    expect(networks.get("n-lan")).toMatchObject(counters);
    expect(networks.list.value).toHaveLength(3);
  });

  it("list their members, online ones first", async () => {
    const { bridge, networks } = await known();
    networks.peers("n-lan");
    await expect.poll(() => networks.peers("n-lan").value?.length).toBe(5);
    bridge.emit("peer", { id: "n-lan", peer: peer("anna-laptop", 23, { online: false, last_seen: NOW }) });
    expect(networks.peers("n-lan").value?.map(({ name }) => name)).toEqual([
      ...["bench-12", "camera-gate", "anna-laptop", "build-server", "printer"],
    ]);
  });

  it("ask for their members again when they come up", async () => {
    const { bridge, networks } = await known();
    bridge.refuse("peers", { code: "network.not-up", message: "the network is down", hint: "Bring it up." });
    await expect.poll(() => networks.peers("n-lan").value).toEqual([]);
    bridge.refuse("peers", null);
    bridge.emit("changed", { networks: [network("lan", { state: "reconnecting" })], removed: [] });
    expect(networks.peers("n-lan").value).toEqual([]);
    bridge.emit("changed", { networks: [network("lan")], removed: [] });
    await expect.poll(() => networks.peers("n-lan").value?.length).toBe(5);
  });

  it("keep a question that was open when the service went away", async () => {
    const { networks } = await known();
    const peers = networks.peers("n-lan");
    networks.unknown();
    expect([networks.loaded, networks.list.value, peers.value]).toEqual([false, [], undefined]);
    await networks.refresh();
    expect(peers.value).toHaveLength(5);
  });

  it("come up when they are joined, or report why not", async () => {
    const { bridge, networks } = await known();
    expect(await networks.join(INVITE, "bench")).toEqual({ ok: true, result: ["n-lan"] });
    expect(bridge.calls.slice(-2)).toEqual([
      { method: "join", params: { link: INVITE, name: "bench" } },
      { method: "up", params: { network: "n-lan" } },
    ]);
    const error = {
      code: "tap.no-permission",
      message: "no permission to make a TAP",
      hint: "Install the service.",
    };
    bridge.refuse("up", error);
    expect(await networks.join(INVITE, undefined)).toEqual({ ok: false, error });
  });
});
