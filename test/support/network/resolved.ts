// systemd-resolved for one host of a lab: with its own bus and its own /run/systemd, as an unprivileged user.
import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { vi } from "vitest";
import { findCommand } from "../../../tools/find-command.ts";
import { WAIT } from "./hub-lab.ts";
import { type Host, JsonProcess, type Lab } from "./lab.ts";

/** The programs it needs. */
export interface Programs {
  readonly daemon: string;
  readonly resolvectl: string;
}

/**
 * Debian's package becomes the machine's resolver when it is installed, so tests do not require it. To use it in tests,
 * unpack it (`dpkg -x`) and name the directory in TEST_SYSTEMD_RESOLVED.
 */
export function findResolved(): Programs | undefined {
  const root = process.env["TEST_SYSTEMD_RESOLVED"] ?? "";
  const daemon = ["lib/systemd", "usr/lib/systemd"]
    .map((directory) => join(root === "" ? "/" : root, directory, "systemd-resolved"))
    .find((file) => existsSync(file));
  const resolvectl = root === "" ? findCommand("resolvectl") : join(root, "usr/bin/resolvectl");
  const others = ["dbus-daemon", "setpriv", "unshare"].every((command) => findCommand(command) !== undefined);
  return daemon === undefined || resolvectl === undefined || !others ? undefined : { daemon, resolvectl };
}

const BUS_CONFIG = (
  socket: string,
) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
`;

const NOBODY = "65534";
const CAPABILITIES = "+net_bind_service,+net_raw,+setpcap";

/** systemd-resolved on a host. */
export class Resolved {
  /** Environment for its clients. */
  readonly env: Record<string, string>;
  readonly #host: Host;
  readonly #resolvectl: string;

  private constructor(host: Host, resolvectl: string, env: Record<string, string>) {
    this.#host = host;
    this.#resolvectl = resolvectl;
    this.env = env;
  }

  /** Starts it; it ends with the lab. */
  static async start(lab: Lab, host: Host, { daemon, resolvectl }: Programs): Promise<Resolved> {
    const directory = await mkdtemp(join(lab.directory, "resolved-"));
    const socket = join(directory, "bus");
    await writeFile(join(directory, "bus.conf"), BUS_CONFIG(socket));
    await host.mustExec("chmod", ["755", lab.directory, directory]);
    const env = {
      DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${socket}`,
      PATH: `${join(resolvectl, "..")}:${process.env["PATH"]}:/usr/sbin:/sbin`,
    };
    const bus = host.spawn("dbus-daemon", [`--config-file=${join(directory, "bus.conf")}`, "--nofork"], {
      stdio: "ignore",
    });
    bus.unref();
    await vi.waitUntil(() => existsSync(socket), WAIT);
    await host.mustExec("chmod", ["777", socket]);
    await host.mustExec("sysctl", ["-w", "net.ipv4.ip_unprivileged_port_start=0"]);
    const script = [
      "mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd",
      `mkdir /run/systemd/resolve && chown ${NOBODY}:${NOBODY} /run/systemd/resolve`,
      `exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups --inh-caps=${CAPABILITIES} --ambient-caps=${CAPABILITIES} ${daemon}`,
    ].join(" && ");
    const child = host.spawn("unshare", ["--mount", "sh", "-c", script], {
      env: { ...env, SYSTEMD_LOG_TARGET: "console" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const daemonProcess = new JsonProcess(child, "systemd-resolved");
    const resolved = new Resolved(host, resolvectl, env);
    await vi.waitUntil(async () => {
      if (child.exitCode !== null) throw new Error(`systemd-resolved ended: ${daemonProcess.stderr}`);
      return (await resolved.ask("status")).code === 0;
    }, WAIT);
    return resolved;
  }

  /** Runs `resolvectl`. */
  async ask(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return await this.#host.exec(this.#resolvectl, args, { env: this.env });
  }
}
