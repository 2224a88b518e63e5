import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EtherTypeFilter } from "../../../shared/switch/guards/ethertype-filter.ts";
import {
  changedSettings,
  DEFAULT_SETTINGS,
  parseEtherTypes,
  settingsChange,
} from "../../../shared/switch/settings.ts";
import { arpFrame, view } from "./guards/frames.ts";

describe("a network's settings", () => {
  it("may be their defaults, all of them", () => {
    expect(settingsChange.parse(DEFAULT_SETTINGS)).toEqual(DEFAULT_SETTINGS);
  });

  it("stay as they are where a change does not name them", () => {
    const changed = changedSettings(DEFAULT_SETTINGS, { snooping: false, ageing: undefined });
    expect(changed).toEqual({ ...DEFAULT_SETTINGS, snooping: false });
    expect(changedSettings(changed, {})).toEqual(changed);
    expect(DEFAULT_SETTINGS.snooping).toBe(true);
  });

  it.each<object>([
    { ageing: 9 },
    { ageing: 86_401 },
    { ageing: "300" },
    { ageing: 10.5 },
    { mac_limit: 0 },
    { mac_limit: 1_000_001 },
    { unknown_unicast: "deny" },
    { snooping: "on" },
    { unregistered_multicast: true },
    { dhcp_guard: true },
    { ra_guard: "yes" },
    { storm_broadcast: -1 },
    { storm_unknown: 1.5 },
    { ethertypes: "ipv4" },
    { vlan: "trunk" },
    { snoping: true },
    { constructor: 1 },
  ])("can't be %j", (change) => {
    expect(settingsChange.safeParse(change).success).toBe(false);
  });

  it.each<object>([
    { ageing: 10, mac_limit: 1_000_000 },
    { storm_broadcast: 0, storm_multicast: 10_000_000 },
    { dhcp_guard: "on", ra_guard: "off" },
    { ethertypes: "deny:0x88cc,llc" },
    {},
  ])("can be %j", (change) => {
    expect(settingsChange.parse(change)).toEqual(change);
  });
});

describe("a list of EtherTypes", () => {
  it("says which pass, or which do not", () => {
    expect(parseEtherTypes("all")).toEqual({ mode: "all", types: [] });
    expect(parseEtherTypes("allow:0x0800,0x0806")).toEqual({ mode: "allow", types: [0x0800, 0x0806] });
    expect(parseEtherTypes("deny:llc,0x88CC")).toEqual({ mode: "deny", types: ["llc", 0x88cc] });
  });

  it.each([
    "",
    "none",
    "allow",
    "allow:",
    "deny:,",
    "allow:0x800",
    "allow:2048",
    "allow:0x0800,",
    "deny:0x05ff",
  ])("can't be '%s'", (text) => {
    expect(parseEtherTypes(text)).toBeUndefined();
  });

  it("is read without throwing, whatever the text", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom("", "allow:", "deny:", "allow:0x0800,"), (text, head) => {
        const parsed = parseEtherTypes(head + text);
        if (parsed === undefined || parsed.mode === "all") return;
        const filter = new EtherTypeFilter({ mode: parsed.mode, types: parsed.types });
        const passes = filter.check(view(arpFrame())) === undefined;
        expect(passes).toBe(parsed.types.includes(0x0806) === (parsed.mode === "allow"));
      }),
    );
  });
});
