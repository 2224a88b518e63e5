import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../../../desktop/demo/lab/host.ts";
import type { Overlay } from "../overlay.ts";
import type { Star } from "../star.ts";

const DEVICE = "tinc0";
const KEY_BITS = 2_048;

/** A hub without an interface; both clients connect to it by TCP only. */
export const tinc: Overlay = {
  name: "tinc",
  label: "tinc 1.0, switch mode, TCP only",
  kind: "peer",
  needs: [{ command: "tincd", package: "tinc" }],
  async start(star) {
    const hub = await node(star, star.hub, "hub", ["DeviceType = dummy"]);
    run(star, star.hub, hub);
    for (const { host, hubAddress } of star.arms) {
      const own = await node(star, host, host.name, ["ConnectTo = hub", `Interface = ${DEVICE}`]);
      copyFileSync(join(own, "hosts", host.name), join(hub, "hosts", host.name));
      copyFileSync(join(hub, "hosts/hub"), join(own, "hosts/hub"));
      await appendFile(join(own, "hosts/hub"), `Address = ${hubAddress}\n`);
      run(star, host, own);
    }
    return { device: DEVICE };
  },
};

/** Creates a node's configuration and key. @returns its directory */
async function node(star: Star, host: Host, name: string, lines: readonly string[]): Promise<string> {
  const directory = join(star.directory, `tinc-${name}`);
  mkdirSync(join(directory, "hosts"), { recursive: true });
  const common = [`Name = ${name}`, "Mode = switch", "AddressFamily = ipv4", "TCPOnly = yes"];
  writeFileSync(join(directory, "tinc.conf"), `${[...common, ...lines].join("\n")}\n`);
  // It asks for the keys' directory; an empty line accepts the default.
  await host.mustExec("tincd", ["-c", directory, `-K${KEY_BITS}`], { input: "\n\n" });
  return directory;
}

function run(star: Star, host: Host, directory: string): void {
  star.start(host, "tincd", ["-c", directory, "-D", "-d1", `--pidfile=${directory}/pid`]);
}
