/** Sets a network interface up, and asks about those that there are, through iproute2's `ip`. */
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
  /** `10.20.0.7/24`; none is assigned without it. */
  readonly address?: string | undefined;
  /** `fd12:3456:789a::7/64`, beside the other; see {@link hasIpv6}. */
  readonly address6?: string | undefined;
  /** False where the kernel is to give it no IPv6 link-local address of its own accord, which it does unless told. */
  readonly linkLocal?: boolean;
  /** Frames the kernel queues for us to read. */
  readonly txqueuelen: number;
  readonly signal: AbortSignal;
  /** The program, `ip` unless told. */
  readonly ip?: string;
}

/**
 * Gives the interface its MAC, MTU, queue and address, and brings it up. What it had of these is replaced.
 *
 * @throws Fault `link.no-iproute2`, `link.no-permission`, `link.gone`, `link.refused`; the signal's reason
 */
export async function configureLink(options: LinkOptions): Promise<void> {
  const { name, mac, mtu, address, address6, linkLocal = true, txqueuelen, signal, ip } = options;
  // The MAC before up: the IPv6 link-local address is made from it, and peers learn it from the first frame.
  const settings = ["address", formatMac(mac), "mtu", String(mtu), "txqueuelen", String(txqueuelen)];
  await runIp(["link", "set", "dev", name, ...settings], signal, ip);
  for (const cidr of [address, address6]) {
    if (cidr !== undefined) await runIp(addressCommand(cidr, name), signal, ip);
  }
  if (!linkLocal) await preventLinkLocal(name, signal, ip);
  await runIp(["link", "set", "dev", name, "up"], signal, ip);
}

/** Returns the arguments of `ip` that give an interface an address, a CIDR of either version. */
export function addressCommand(cidr: string, name: string): string[] {
  if (!cidr.includes(":")) return ["address", "replace", cidr, ...broadcastOf(cidr), "dev", name];
  // Skips detection of duplicates: the kernel would hold the address back for two seconds, before the tunnel carries any
  // answer. The relay gives each address to one device.
  return ["-6", "address", "replace", cidr, "dev", name, "nodad"];
}

/** The least that a link has to carry for IPv6 (RFC 8200 section 5): with less the kernel has none on it. */
const MIN_IPV6_MTU = 1_280;

/** Whether a new interface with this MTU, in bytes, has IPv6 on this system. */
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
    // Refused where there is no IPv6, in this kernel or at this MTU: then it gets no such address either.
    if (!(error instanceof Fault && error.code === "link.refused")) throw error;
  }
}

/**
 * Renames an interface that is down. `%d` in `to` stands for the lowest number that is free.
 *
 * @throws Fault as {@link configureLink}, and `link.name-taken`
 */
export async function renameLink(from: string, to: string, signal: AbortSignal): Promise<void> {
  await runIp(["link", "set", "dev", from, "name", to], signal);
}

/** `ip` assigns no broadcast address unasked; IPv6 has none, and neither has a /31 (RFC 3021) or /32. */
function broadcastOf(address: string): string[] {
  const [ip = "", prefix = "32"] = address.split("/");
  return ip.includes(":") || Number(prefix) > 30 ? [] : ["broadcast", "+"];
}

/** Bytes of an answer of `ip`: routers on the Internet have routes without end. */
const ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * Asks `ip` for objects, such as those of `ip -json address`.
 *
 * @returns what it answers, of which nothing is known; an empty list where it has nothing to say
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
 * Runs `ip` with a change of an interface or a route.
 *
 * @throws Fault as {@link configureLink}
 */
export async function changeLink(args: readonly string[], signal: AbortSignal): Promise<void> {
  await runIp(args, signal);
}

function runIp(args: readonly string[], signal: AbortSignal, ip = "ip"): Promise<string> {
  // Debian keeps it in /usr/sbin, which an ordinary user's PATH may lack; the messages are matched below.
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

/** What `ip` said, and what can be done about it. */
const REFUSALS: readonly { says: RegExp; code: string; hint: string }[] = [
  {
    says: /not permitted|permission denied/i,
    code: "link.no-permission",
    hint: "Run as root or with CAP_NET_ADMIN, or install the service: laneway service install.",
  },
  {
    says: /cannot find device|no such device/i,
    code: "link.gone",
    hint: "Something else deleted the interface; bring the network up again.",
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
