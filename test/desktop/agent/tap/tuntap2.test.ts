import { describe, expect, it } from "vitest";
import { openTuntap2Tap } from "../../../../desktop/agent/tap/tuntap2.ts";
import { requires } from "../../../support/requirements.ts";
import { tapContract } from "./contract.ts";
import { kernelContract, kernelRig, signal } from "./kernel.ts";
import { noOffloadContract } from "./offload-contract.ts";

const open = (name?: string) => openTuntap2Tap({ name, signal });

const script = `
  import { openTuntap2Tap } from "./desktop/agent/tap/tuntap2.ts";
  const open = (name) => openTuntap2Tap({ name, signal: new AbortController().signal });
`;

describe.runIf(requires("root", "tun", "ip", "ping", "setpriv", "tuntap2"))("the driver on tuntap2", () => {
  tapContract("tuntap2", () => kernelRig(open));
  noOffloadContract("tuntap2", () => kernelRig(open));
  kernelContract("tuntap2", open, script);
});

describe("the driver on tuntap2 without the package", () => {
  it("reports how to install it", async () => {
    await expect(openTuntap2Tap({ signal, packageName: "tuntap2-not-installed" })).rejects.toMatchObject({
      code: "tap.no-driver",
      hint: expect.stringContaining("npm ci"),
    });
  });
});
