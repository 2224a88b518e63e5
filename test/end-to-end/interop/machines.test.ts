// Emulated machines with third-party network cards, booting from a server on the segment: DHCP and TFTP, so frames of
// all kinds go both ways.
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { HubLab } from "../../support/network/hub-lab.ts";
import { hasLab, JsonProcess } from "../../support/network/lab.ts";
import { BootServer } from "./boot-server.ts";
import { QEMU } from "./firmware.ts";

let lab: HubLab;
let server: BootServer;

describe.runIf(hasLab("dnsmasq", QEMU))("a machine without an operating system", () => {
  beforeAll(async () => {
    lab = await HubLab.create();
    server = await BootServer.start(lab, await lab.join("server", { address: "10.20.0.1" }));
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  it("boots over raw Ethernet: v86 with an NE2000", { timeout: 180_000 }, async () => {
    const { host } = await lab.site("browser");
    const url = `${lab.relay.url.replace(/^http/, "ws")}/v1/ethernet/${await lab.token("lan", [])}`;
    const child = host.spawn(process.execPath, [join(import.meta.dirname, "v86-machine.ts"), url], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    await using _machine = new JsonProcess(child, "v86");

    await server.booted("00:22:15");
  });
});
