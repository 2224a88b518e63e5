import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { openLinuxTap } from "../../../../desktop/agent/tap/linux.ts";
import { loadNative } from "../../../../desktop/agent/tap/native.ts";
import { requires } from "../../../requirements.ts";
import { tapContract } from "./contract.ts";
import { interfaceExists, uniqueName } from "./interface.ts";
import { kernelContract, kernelRig } from "./kernel.ts";

async function open(name?: string) {
  return openLinuxTap(await loadNative(), { name });
}

const script = `
  import { openLinuxTap } from "./desktop/agent/tap/linux.ts";
  import { loadNative } from "./desktop/agent/tap/native.ts";
  const open = async (name) => openLinuxTap(await loadNative(), { name });
`;

describe.runIf(requires("root", "tun", "ip", "ping", "setpriv"))("the driver of Linux", () => {
  tapContract("koffi", () => kernelRig(open));
  kernelContract("koffi", open, script);

  it("takes over a persistent TAP, and leaves it when it is closed", async () => {
    const name = uniqueName();
    execFileSync("ip", ["tuntap", "add", "dev", name, "mode", "tap"]);
    try {
      const device = await open(name);
      expect(device.name).toBe(name);
      await device.close();
      expect(interfaceExists(name)).toBe(true);
    } finally {
      execFileSync("ip", ["link", "delete", "dev", name]);
    }
  });
});

describe("the driver of Linux without a kernel that has it", () => {
  it.runIf(process.platform === "linux")("says that there is no device", async () => {
    const native = await loadNative();
    expect(() => openLinuxTap(native, { cloneDevice: "/dev/net/no-such-device" })).toThrow(
      expect.objectContaining({ code: "tap.no-device", exitCode: 1 }),
    );
  });
});
