import { describe, expect, it } from "vitest";
import { Logs, passing } from "../../../../desktop/renderer/state/logs.ts";
import { BridgeDouble } from "../double/bridge-double.ts";
import { everyday, NOW } from "../double/scene.ts";

describe("the log", () => {
  it("keeps the newest lines and no more than a thousand", async () => {
    const bridge = new BridgeDouble(everyday());
    const logs = new Logs(bridge);
    await logs.refresh();
    for (let line = 0; line < 1_200; line += 1)
      bridge.emit("log", {
        at: NOW,
        level: "info",
        code: "tap.opened",
        message: `line ${line}`,
        network: null,
      });
    expect(logs.entries.value).toHaveLength(1_000);
    expect(logs.entries.value.at(-1)?.message).toBe("line 1199");
  });

  it("filters by level and by words, in any case, also in the code", () => {
    const { logs } = everyday();
    const codes = (level: "debug" | "info" | "warn" | "error", text = "") =>
      passing(logs, { level, text }).map(({ code }) => code);
    expect(codes("debug")).toHaveLength(7);
    expect(codes("warn")).toEqual(["hub.duplicate-mac", "relay.unreachable"]);
    expect(codes("info", " DUPLICATE-mac ")).toEqual(["hub.duplicate-mac"]);
    expect(codes("info", "vni 204")).toEqual(["network.up"]);
  });
});
