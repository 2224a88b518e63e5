import { describe, expect, it } from "vitest";
import { overall, trayMenu } from "../../../desktop/main/tray.ts";
import { wordsFor } from "../../../desktop/main/words.ts";
import { network } from "./status.ts";

const english = wordsFor("en", "");
const actions = { open: () => {}, settings: () => {}, quit: () => {} };

describe("the tray", () => {
  it("shows the overall state", () => {
    const stands = (...networks: Parameters<typeof network>[0][]) =>
      overall({ agent: "connected", networks: networks.map((one) => network(one)) });
    expect(stands({})).toBe("on");
    expect(stands({}, { id: "n2", state: "reconnecting" })).toBe("trouble");
    expect(stands({ state: "failed" })).toBe("trouble");
    expect(stands({ state: "down", wanted: false })).toBe("off");
    expect(stands({ state: "connecting" })).toBe("off");
    expect(stands()).toBe("off");
    expect(overall({ agent: "absent", networks: [] })).toBe("trouble");
    expect(overall({ agent: "connecting", networks: [] })).toBe("off");
  });

  it("shows each network's state, opens it, and says what quitting does", () => {
    const opened: (string | undefined)[] = [];
    const state = { agent: "connected", networks: [network({ members: 2 })] } as const;
    const items = trayMenu(state, english, { ...actions, open: (id) => opened.push(id) });
    expect(items.map(({ label }) => label)).toEqual([
      "Open Laneway",
      undefined,
      "office: on, 2 online",
      undefined,
      "Settings…",
      "Quit (networks stay connected)",
    ]);
    for (const item of [items[0], items[2]]) (item?.click as (() => void) | undefined)?.();
    expect(opened).toEqual([undefined, "n1"]);
  });

  it("reports a missing service, and uses the desktop's language", () => {
    const absent = { agent: "absent", networks: [] } as const;
    expect(trayMenu(absent, english, actions)[2]).toEqual({ label: english.agentAway, enabled: false });
    const chinese = trayMenu({ agent: "connected", networks: [] }, wordsFor("system", "zh-CN"), actions);
    expect(chinese[2]?.label).toBe("还没有网络");
    expect(wordsFor("en", "zh-CN")).toBe(english);
    expect(wordsFor("system", "fr")).toBe(english);
  });
});
