/** Configures network interfaces and reads their state, through iproute2's `ip`. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { formatMac } from "../../../shared/frame/mac.ts";
import { Fault } from "../../../shared/values/fault.ts";

export interface LinkOptions {
  /** The interface. */
  readonly name: string;
  /** 48 bits. */
  readonly mac: number;
  /** Bytes of a packet inside a frame. */
  readonly mtu: number;
  /** `10.20.0.7/24`; without it, none is assigned. */
  readonly address?: string | undefined;
  /** `fd12:3456:789a::7/64`, in addition to `address`; see {@link hasIpv6}. */
  readonly address6?: string | undefined;
  /** Whether the kernel sets an IPv6 link-local address; true by default. */
  readonly linkLocal?: boolean;
  /** Frames that the kernel queues for this process. */
  readonly txqueuelen: number;
  readonly signal: AbortSignal;
  /** The program; `ip` by default. */
  readonly ip?: string;
}

/**
 * Sets the interface's MAC, MTU, queue and address, replacing previous ones, and brings it up.
 *
 * @throws Fault `link.no-iproute2`, `link.no-permission`, `link.gone`, `link.refused`; the signal's reason
 */
export async function configureLink(options: LinkOptions): Promise<void> {
  const { name, mac, mtu, address, address6, linkLocal = true, txqueuelen, signal, ip } = options;
  // Sets the MAC before up: the IPv6 link-local address is derived from it, and peers learn it from the first frame.
  const settings = ["address", formatMac(mac), "mtu", String(mtu), "txqueuelen", String(txqueuelen)];
  await runIp(["link", "set", "dev", name, ...settings], signal, ip);
  for (const cidr of [address, address6]) {
    if (cidr !== undefined) await runIp(addressCommand(cidr, name), signal, ip);
  }
  if (!linkLocal) await preventLinkLocal(name, signal, ip);
  await runIp(["link", "set", "dev", name, "up"], signal, ip);
}

/** Returns the arguments of `ip` that add an address, a CIDR of either version, to an interface. */
export function addressCommand(cidr: string, name: string): string[] {
  if (!cidr.includes(":")) return ["address", "replace", cidr, ...broadcastOf(cidr), "dev", name];
  // Skips duplicate address detection: the kernel would hold the address back for two seconds, before the tunnel
  // carries any answer. The relay gives each address to one device.
  return ["-6", "address", "replace", cidr, "dev", name, "nodad"];
}

/** Minimum MTU for IPv6 (RFC 8200 section 5): below it the kernel disables IPv6 on a link. */
const MIN_IPV6_MTU = 1_280;

/** Returns whether a new interface with this MTU, in bytes, has IPv6 on this system. */
export function hasIpv6(mtu: number, disabledFile = "/proc/sys/net/ipv6/conf/default/disable_ipv6"): boolean {
  if (mtu < MIN_IPV6_MTU) return false;
  try {
    return readFileSync(disabledFile, "utf8").trim() === "0";
  } catch {
    return false;
  }
}

async function preventLinkLocal(name: string, signal: AbortSignal, ip: string | undefined): Promise<void> {
  try {
    await runIp(["link", "set", "dev", name, "addrgenmode", "none"], signal, ip);
  } catch (error) {
    // Refused if this kernel or this MTU has no IPv6: then there is no such address either.
    if (!(error instanceof Fault && error.code === "link.refused")) throw error;
  }
}

/**
 * Renames an interface that is down. `%d` in `to` stands for the lowest free number.
 *
 * @throws Fault as {@link configureLink}, and `link.name-taken`
 */
export async function renameLink(from: string, to: string, signal: AbortSignal): Promise<void> {
  await runIp(["link", "set", "dev", from, "name", to], signal);
}

/** `ip` sets no broadcast address by itself; IPv6 has none, and neither has a /31 (RFC 3021) or /32. */
function broadcastOf(address: string): string[] {
  const [ip = "", prefix = "32"] = address.split("/");
  return ip.includes(":") || Number(prefix) > 30 ? [] : ["broadcast", "+"];
}

/** Maximum bytes of an answer of `ip`: Internet routers have very many routes. */
const ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * Asks `ip` for objects, such as those of `ip -json address`.
 *
 * @returns its answer, not validated; an empty list if it prints nothing
 * @throws Fault as {@link configureLink}
 */
export async function askIp(args: readonly string[], signal: AbortSignal, ip?: string): Promise<unknown> {
  const answer = (await runIp(["-json", ...args], signal, ip)).trim();
  if (answer === "") return [];
  try {
    return JSON.parse(answer);
  } catch (error) {
    throw refusal(args, "its answer is no JSON", error);
  }
}

/**
 * Runs `ip` to change an interface or a route.
 *
 * @throws Fault as {@link configureLink}
 */
export async function changeLink(args: readonly string[], signal: AbortSignal): Promise<void> {
  await runIp(args, signal);
}

function runIp(args: readonly string[], signal: AbortSignal, ip = "ip"): Promise<string> {
  // Debian keeps it in /usr/sbin, which may be missing in an ordinary user's PATH; the messages are matched below.
  const { PATH = "" } = process.env;
  const env = { ...process.env, PATH: `${PATH}:/usr/sbin:/sbin`, LC_ALL: "C" };
  return new Promise((resolve, reject) => {
    execFile(ip, args, { env, signal, maxBuffer: ANSWER_BYTES }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (signal.aborted) reject(signal.reason);
      else if (error.code === "ENOENT") reject(noIproute2(ip, error));
      else reject(refusal(args, stderr.trim().split("\n")[0] ?? "", error));
    });
  });
}

function noIproute2(ip: string, cause: unknown): Fault {
  return new Fault({
    code: "link.no-iproute2",
    message: `the command "${ip}" of iproute2 is not on this system`,
    hint: "Install it: apt install iproute2.",
    cause,
  });
}

/** Error messages of `ip`, and the next step for each. */
const REFUSALS: readonly { says: RegExp; code: string; hint: string }[] = [
  {
    says: /not permitted|permission denied/i,
    code: "link.no-permission",
    hint: "Run as root or with CAP_NET_ADMIN, or install the service: laneway service install.",
  },
  {
    says: /cannot find device|no such device/i,
    code: "link.gone",
    hint: "Another program deleted the interface; bring the network up again.",
  },
  {
    says: /file exists/i,
    code: "link.name-taken",
    hint: "Choose another name for the interface.",
  },
];

function refusal(args: readonly string[], said: string, cause: unknown): Fault {
  const known = REFUSALS.find(({ says }) => says.test(said));
  return new Fault({
    code: known?.code ?? "link.refused",
    message: `"ip ${args.join(" ")}" failed: ${said}`,
    hint: known?.hint ?? "Check the address, the MAC and the MTU given.",
    cause,
  });
}
