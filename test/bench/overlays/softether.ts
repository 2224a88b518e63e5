import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "../../../desktop/demo/lab/host.ts";
import type { Overlay } from "../overlay.ts";
import type { Star } from "../star.ts";

const PROGRAMS = "/usr/libexec/softether";
/** The name of the adapter; the interface has `vpn_` before it. */
const ADAPTER = "se0";
const PORT = 5555;
/** The fixed directory of its state. */
const STATE = ["/var/lib/softether", "/var/log/softether", "/run/softether"];

/** A virtual hub over TLS, with a client's default of two TCP connections. */
export const softether: Overlay = {
  name: "softether",
  label: "SoftEther 5, TLS",
  kind: "peer",
  needs: [
    { command: "vpnserver", package: "softether-vpnserver" },
    { command: "vpnclient", package: "softether-vpnclient" },
    { command: "vpncmd", package: "softether-vpncmd" },
  ],
  async start(star) {
    run(star, star.hub, "vpnserver");
    for (const { host } of star.arms) run(star, host, "vpnclient");
    await tell(
      star,
      star.hub,
      [`localhost:${PORT}`, "/SERVER"],
      [
        "HubCreate bench /PASSWORD:bench",
        "Hub bench",
        "ExtOptionSet DisableUdpAcceleration /VALUE:1",
        "UserCreate bench /GROUP:none /REALNAME:none /NOTE:none",
        "UserPasswordSet bench /PASSWORD:bench",
      ],
    );
    for (const { host, hubAddress } of star.arms) {
      await tell(
        star,
        host,
        ["localhost", "/CLIENT"],
        [
          `NicCreate ${ADAPTER}`,
          `AccountCreate bench /SERVER:${hubAddress}:${PORT} /HUB:bench /USERNAME:bench /NICNAME:${ADAPTER}`,
          "AccountPasswordSet bench /PASSWORD:bench /TYPE:standard",
          "AccountDetailSet bench /MAXTCP:2 /INTERVAL:1 /TTL:0 /HALF:no /BRIDGE:no /MONITOR:no /NOTRACK:yes /NOQOS:yes /DISABLEUDP:yes",
          "AccountConnect bench",
        ],
      );
    }
    return { device: `vpn_${ADAPTER}` };
  },
};

/** Starts one of its services. `ip netns exec` gives each its own mount namespace, so each has its own state. */
function run(star: Star, host: Host, program: string): void {
  const mounts = [...STATE, "/tmp"].map((path) => `mkdir -p ${path} && mount -t tmpfs bench ${path}`);
  star.start(host, "sh", ["-c", `${mounts.join(" && ")} && exec ${PROGRAMS}/${program}/${program} execsvc`]);
}

/** Runs a command of its command line, once the service answers. */
async function tell(
  star: Star,
  host: Host,
  whom: readonly string[],
  lines: readonly string[],
): Promise<void> {
  await star.until(`SoftEther on ${host.name}`, () =>
    star.succeeds(host, "vpncmd", [...whom, "/CMD", "About"]),
  );
  const file = join(star.directory, `softether-${host.name}`);
  writeFileSync(file, `${lines.join("\n")}\n`);
  await host.mustExec("vpncmd", [...whom, `/IN:${file}`]);
}
