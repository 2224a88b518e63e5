import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "../../../shared/values/fault.ts";
import { UNMANAGED_FILES } from "../../agent/service/networks/unmanaged.ts";
import { SYSUSERS, UNIT_NAME, unitText } from "../../agent/service/unit.ts";

const UNIT_FILE = `/etc/systemd/system/${UNIT_NAME}`;
const SYSUSERS_FILE = "/etc/sysusers.d/laneway.conf";
/** Where packages install their units. */
const PACKAGED = ["/usr/lib/systemd/system", "/lib/systemd/system"].map((path) => `${path}/${UNIT_NAME}`);

/** systemd's status of the agent's unit. */
export interface ServiceStatus {
  readonly installed: boolean;
  readonly enabled: boolean;
  readonly active: boolean;
  readonly state: string;
  readonly unit: string | null;
}

/** Returns this command as a service runs it: the program and its first arguments. */
export function ownCommand(): string[] {
  return [process.execPath, realpathSync(process.argv[1] ?? "")];
}

/**
 * Installs the unit and its user, and starts it; an existing one is replaced and restarted. Configures interface
 * managers to leave Laneway's interfaces alone.
 *
 * @throws Fault `service.no-systemd`, `service.no-permission`, `service.out-of-reach`, `service.failed`
 */
export function installService(command: readonly string[]): void {
  requireSystemd();
  requireRoot("installing the service");
  if (!PACKAGED.some(existsSync)) {
    for (const path of command) requireReach(path);
    makeUser();
    write(UNIT_FILE, unitText(command));
  }
  for (const { path, text } of UNMANAGED_FILES) write(path, text);
  tellManagers();
  must("systemctl", "daemon-reload");
  must("systemctl", "enable", UNIT_NAME);
  must("systemctl", "restart", UNIT_NAME);
}

/**
 * Stops the service and removes its unit; its state stays.
 *
 * @throws Fault `service.no-systemd`, `service.no-permission`, `service.failed`
 */
export function uninstallService(): void {
  requireSystemd();
  requireRoot("removing the service");
  const status = serviceStatus();
  if (status.installed) must("systemctl", "disable", "--now", UNIT_NAME);
  rmSync(UNIT_FILE, { force: true });
  rmSync(SYSUSERS_FILE, { force: true });
  for (const { path } of UNMANAGED_FILES) rmSync(path, { force: true });
  tellManagers();
  must("systemctl", "daemon-reload");
}

/** @throws Fault `service.no-systemd`, `service.failed` */
export function serviceStatus(): ServiceStatus {
  requireSystemd();
  const properties = ["LoadState", "UnitFileState", "ActiveState", "SubState", "FragmentPath"];
  const said = must("systemctl", "show", UNIT_NAME, `--property=${properties.join(",")}`);
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(said)?.[1] ?? "";
  return {
    installed: of("LoadState") !== "not-found" && of("LoadState") !== "",
    enabled: of("UnitFileState") === "enabled",
    active: of("ActiveState") === "active",
    state: [of("ActiveState"), of("SubState")].filter(Boolean).join(", "),
    unit: of("FragmentPath") || null,
  };
}

/** Makes running interface managers read their files again, before further interfaces are created. */
function tellManagers(): void {
  run("udevadm", ["control", "--reload"]);
  if (run("systemctl", ["is-active", "--quiet", "systemd-networkd"]).code === 0)
    run("networkctl", ["reload"]);
}

function requireSystemd(): void {
  // systemd's own test of whether it runs the machine: sd_booted(3).
  if (existsSync("/run/systemd/system")) return;
  throw new Fault({
    code: "service.no-systemd",
    message: "this machine does not run systemd, so no service can be installed",
    hint: "Run 'laneway agent' as root by this system's service manager, or in a terminal.",
  });
}

function requireRoot(what: string): void {
  if (process.geteuid?.() === 0) return;
  throw new Fault({
    code: "service.no-permission",
    message: `${what} needs root, and you are user ${process.geteuid?.()}`,
    hint: "Run it with sudo.",
  });
}

/** The service's own user can't see home directories, and must be able to read the program. */
function requireReach(path: string): void {
  const hidden = ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"].some((one) => path.startsWith(one));
  let closed = hidden ? path : undefined;
  for (let at = path; closed === undefined && dirname(at) !== at; at = dirname(at)) {
    const needed = at === path ? 0o004 : 0o001;
    if ((statSync(at).mode & needed) === 0) closed = at;
  }
  if (closed === undefined) return;
  throw new Fault({
    code: "service.out-of-reach",
    message: `the service's own user can't read '${closed}'`,
    hint: "Move this checkout to a place that every user may read, such as /opt, or install the package.",
  });
}

function makeUser(): void {
  write(SYSUSERS_FILE, SYSUSERS);
  const made = run("systemd-sysusers", [SYSUSERS_FILE]);
  if (made.code === 0) return;
  if (run("getent", ["passwd", "laneway"]).code === 0) return;
  const options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"];
  must("useradd", ...options, "--home-dir", "/var/lib/laneway", "laneway");
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(file, text, { mode: 0o644 });
}

function must(command: string, ...args: string[]): string {
  const { code, stdout, stderr } = run(command, args);
  if (code === 0) return stdout;
  throw new Fault({
    code: "service.failed",
    message: `"${[command, ...args].join(" ")}" failed: ${stderr.trim().split("\n").at(-1) || `exit code ${code}`}`,
    hint: "See 'systemctl status laneway' and 'journalctl -u laneway'.",
  });
}

function run(command: string, args: readonly string[]) {
  const { PATH = "" } = process.env;
  const env = { ...process.env, PATH: `${PATH}:/usr/sbin:/sbin`, LC_ALL: "C", SYSTEMD_PAGER: "" };
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: "utf8" });
  return { code: status ?? 1, stdout: stdout ?? "", stderr: error?.message ?? stderr ?? "" };
}
