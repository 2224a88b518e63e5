/** Checks whether this machine's firewall lets frames pass between a TAP and the other ports of its bridge. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import type { Finding } from "./checks.ts";
import { type Chain, type Drop, findDrop, hasChain, type Passing } from "./firewall.ts";
import { parseIptables } from "./iptables-rules.ts";
import { parseNft } from "./nft-rules.ts";

/** A bridge of this machine that has one of our TAPs as a port. */
export interface TapBridge {
  readonly name: string;
  readonly tap: string;
}

const NET = "/sys/class/net";
/** From linux/if.h and linux/if_tun.h. */
const IFF_UP = 1;
const IFF_TAP = 2;
/** Docker reserves this chain for the owner's rules: it comes first, and survives restarts of Docker. */
const DOCKER_USER = "DOCKER-USER";
/** Limits of a command: milliseconds, and bytes of output. */
const COMMAND_MS = 5_000;
const COMMAND_BYTES = 16 * 1024 * 1024;

/** Returns the TAPs of this network namespace that a process has open. */
export function attachedTaps(): string[] {
  return listed(NET).filter(
    (name) =>
      (Number(read(`${NET}/${name}/tun_flags`)) & IFF_TAP) !== 0 && read(`${NET}/${name}/carrier`) === "1",
  );
}

/** Returns the Linux bridges that contain these TAPs; Open vSwitch is not included. */
export function bridgesOf(taps: readonly string[]): TapBridge[] {
  return taps.flatMap((tap) => {
    const name = masterOf(tap);
    return name === undefined || read(`${NET}/${name}/bridge/bridge_id`) === undefined ? [] : [{ name, tap }];
  });
}

/** Checks each bridge, until one drops frames. @throws the signal's reason when aborted */
export async function checkBridges(bridges: readonly TapBridge[], signal: AbortSignal): Promise<Finding> {
  let last: Finding = { state: "skipped", detail: "no TAP is in a bridge" };
  for (const bridge of bridges) {
    last = await checkBridge(bridge, signal);
    if (last.state !== "pass") return last;
  }
  return last;
}

async function checkBridge(bridge: TapBridge, signal: AbortSignal): Promise<Finding> {
  const { name, tap } = bridge;
  if ((Number(read(`${NET}/${name}/flags`)) & IFF_UP) === 0) {
    const hint = `Bring it up: sudo ip link set ${name} up.`;
    return { state: "fail", detail: `the bridge ${name} of ${tap} is down`, hint };
  }
  const { chains, unread } = await readFirewall(signal);
  const others = listed(`${NET}/${name}/brif`).filter((port) => port !== tap);
  for (const protocol of ["ip", "ip6"] as const) {
    const settings = callsOf(name, protocol);
    const routed: Passing = { protocol, from: name, to: name };
    const drop = settings.length === 0 ? undefined : findDrop(chains, [protocol, "inet"], routed);
    if (drop !== undefined)
      return dropped(bridge, drop, protocol, settings, hasChain(chains, drop.chain, DOCKER_USER));
    for (const other of others.length === 0 ? [undefined] : others) {
      const out: Passing = { protocol, from: tap, to: other };
      const back: Passing[] = other === undefined ? [] : [{ protocol, from: other, to: tap }];
      for (const passing of [out, ...back]) {
        const found = findDrop(chains, ["bridge"], passing);
        if (found !== undefined) return dropped(bridge, found, protocol, [], false);
      }
    }
    if (settings.length > 0 && unread !== undefined) {
      return {
        state: "skipped",
        detail: `frames of ${name} go through this machine's firewall (${labels(settings)}), which can't be read: ${unread}`,
        hint: `Run 'sudo laneway doctor', or keep bridged frames out of it: ${commands(settings)}.`,
      };
    }
  }
  return { state: "pass", detail: `frames pass between ${tap} and the other ports of ${name}` };
}

/** A setting of br_netfilter that sends bridged packets through the IP firewall, and the command that turns it off. */
interface Setting {
  readonly label: string;
  readonly off: string;
}

/** Returns the settings that are on for a bridge: the machine's and the bridge's own. Either one is enough. */
function callsOf(bridge: string, protocol: Passing["protocol"]): Setting[] {
  const tables = `${protocol}tables`;
  const settings: Setting[] = [];
  const all = `net.bridge.bridge-nf-call-${tables}`;
  if (read(`/proc/sys/net/bridge/bridge-nf-call-${tables}`) === "1") {
    settings.push({ label: `${all}=1`, off: `sudo sysctl -w ${all}=0` });
  }
  const own = `nf_call_${tables}`;
  if (read(`${NET}/${bridge}/bridge/${own}`) === "1") {
    settings.push({ label: `${own} of ${bridge}`, off: `sudo ip link set ${bridge} type bridge ${own} 0` });
  }
  return settings;
}

const labels = (settings: readonly Setting[]): string => settings.map(({ label }) => label).join(", ");
const commands = (settings: readonly Setting[]): string => settings.map(({ off }) => off).join(" && ");

const SPOKEN = { ip: "IPv4", ip6: "IPv6" } as const;

function dropped(
  { name, tap }: TapBridge,
  { chain, rule }: Drop,
  protocol: Passing["protocol"],
  settings: readonly Setting[],
  ofDocker: boolean,
): Finding {
  const by = rule === undefined ? "the policy 'drop'" : rule.name;
  const where = `${by} of chain ${chain.name} in table ${chain.family} ${chain.table}`;
  const why = settings.length === 0 ? "" : `, which sees them because of ${labels(settings)}`;
  const out = settings.length === 0 ? "" : `; or keep bridged frames out of it: ${commands(settings)}`;
  return {
    state: "fail",
    detail: `${SPOKEN[protocol]} between ${tap} and the other ports of ${name} is dropped by ${where}${why}`,
    hint: `Let it pass: sudo ${allowing(chain, name, ofDocker)}${out}.`,
  };
}

/** Returns the command that lets the bridge's frames pass that chain. */
function allowing(
  { family, table, name, command = `${family}tables` }: Chain,
  bridge: string,
  ofDocker: boolean,
): string {
  if (family === "bridge") return `nft insert rule bridge ${table} ${name} accept`;
  if (family !== "inet" && table === "filter" && name === "FORWARD") {
    const first = ofDocker ? DOCKER_USER : name;
    return `${command} -I ${first} -i ${bridge} -o ${bridge} -j ACCEPT`;
  }
  return `nft insert rule ${family} ${table} ${name} iifname ${bridge} oifname ${bridge} accept`;
}

/** The firewall as far as it could be read; `unread` says why something is missing. */
interface Firewall {
  readonly chains: readonly Chain[];
  readonly unread: string | undefined;
}

async function readFirewall(signal: AbortSignal): Promise<Firewall> {
  const chains: Chain[] = [];
  const failures: string[] = [];
  const attempt = async (ask: () => Promise<readonly Chain[]>): Promise<boolean> => {
    try {
      chains.push(...(await ask()));
      return true;
    } catch (error) {
      signal.throwIfAborted();
      failures.push((error as Error).message);
      return false;
    }
  };
  const list = (family: "ip" | "ip6", variant: string) => async () => {
    const command = `${family}tables-${variant}`;
    return parseIptables(await run(command, ["-S"], signal), family, command);
  };

  const nft = await attempt(() =>
    run("nft", ["--json", "--terse", "list", "ruleset"], signal).then(parseNft),
  );
  // Without the `nft` program, iptables shows most rules of the same tables.
  if (!nft && (await attempt(list("ip", "nft"))) && (await attempt(list("ip6", "nft")))) failures.length = 0;
  for (const family of ["ip", "ip6"] as const) {
    // Only if legacy tables are in use, because listing them creates them.
    const names = read(`/proc/net/${family}_tables_names`)?.split("\n") ?? [];
    if (names.includes("filter")) await attempt(list(family, "legacy"));
  }
  return { chains, unread: failures[0] };
}

/** Returns the output of a command. @throws Error with a one-line reason */
function run(command: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  // Debian keeps these programs in /usr/sbin, which may be missing in an ordinary user's PATH.
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`, LC_ALL: "C" };
  const options = { env, signal, timeout: COMMAND_MS, maxBuffer: COMMAND_BYTES };
  return new Promise((resolve, reject) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = stderr.trim().split("\n")[0];
      const missing = `the command '${command}' is not on this system`;
      reject(new Error(error.code === "ENOENT" ? missing : `${command}: ${said || error.message}`));
    });
  });
}

function masterOf(name: string): string | undefined {
  try {
    return basename(readlinkSync(`${NET}/${name}/master`));
  } catch {
    return undefined;
  }
}

/** Returns a file's text; undefined if it is missing or not readable for this user. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
