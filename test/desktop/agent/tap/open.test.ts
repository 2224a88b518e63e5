import { describe, expect, it } from "vitest";
import { openTap } from "../../../../desktop/agent/tap/open.ts";
import { requires } from "../../../support/requirements.ts";
import { uniqueName } from "./interface.ts";
import { signal } from "./kernel.ts";

const noFfi = async () => {
  throw new Error("no build of koffi for this system");
};

describe("opening a TAP", () => {
  it.each(["darwin", "win32", "freebsd"] as const)(
    "is refused on %s, with what works there",
    async (system) => {
      await expect(openTap({ signal, system })).rejects.toMatchObject({
        code: "tap.unsupported-platform",
        message: expect.stringContaining(system),
        hint: expect.stringContaining("laneway relay"),
        exitCode: 1,
      });
    },
  );

  it("does not begin after an abort", async () => {
    const reason = new Error("enough");
    await expect(openTap({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("does not replace the requested driver if FFI can't load", async () => {
    await expect(openTap({ signal, system: "linux", driver: "koffi", load: noFfi })).rejects.toMatchObject({
      code: "tap.no-ffi",
    });
  });
});

describe.runIf(requires("root", "tun", "ip"))("opening a TAP on Linux", () => {
  it("uses FFI", async () => {
    const name = uniqueName();
    const device = await openTap({ name, signal });
    expect(device.name).toBe(name);
    expect(device.constructor.name).toBe("LinuxTap");
    await device.close();
  });
});

describe.runIf(requires("root", "tun", "ip", "tuntap2"))("opening a TAP on Linux without FFI", () => {
  it.each([
    ["falls back to tuntap2", { load: noFfi }],
    ["uses tuntap2 where that is asked for", { driver: "tuntap2" as const }],
  ])("%s", async (_, options) => {
    const name = uniqueName();
    const device = await openTap({ name, signal, ...options });
    expect(device.name).toBe(name);
    expect(device.constructor.name).toBe("Tuntap2Tap");
    await device.close();
  });

  it("does not fall back if the kernel refuses", async () => {
    await expect(openTap({ name: "lo", signal })).rejects.toMatchObject({ code: "tap.name-taken" });
  });
});
