import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { isLoopback } from "../../shared/api/invite-link.ts";
import type { FirstLinks } from "./links.ts";

/** What a relay says about itself when it listens. */
export interface Listening {
  /** The URL it listens at. */
  readonly url: string;
  /** The URL at which others reach it. */
  readonly base: string;
  readonly adminTokenFile: string;
  /** Only at its first start. */
  readonly first: FirstLinks | undefined;
}

/** Returns what the relay prints for people, with the invite as a QR code on a terminal. */
export async function greeting({ url, base, adminTokenFile, first }: Listening): Promise<string> {
  const parts = [`Relay listening on ${url}`];
  if (first === undefined) {
    const named = `--relay ${withOwnAddress(url, "127.0.0.1")} --admin-token-file ${adminTokenFile}`;
    parts.push(`The operator's page is ${base}/ and this makes a link to it, signed in:
  laneway sign-in ${named}
This makes an invite to the network 'lan':
  laneway invite create ${named}`);
  } else {
    parts.push(`The operator's page, signed in. The link works once, within an hour:
  ${first.signIn}`);
    parts.push(`An invite to the network 'lan', for 20 devices within 7 days. Open it in a browser there, or run as root:
  laneway join '${first.invite}'
  laneway up lan${await qrCode(first.invite)}`);
    parts.push(`The administrator's token is in ${adminTokenFile}. With it 'laneway token create', 'laneway network create' and
others administer the relay.`);
  }
  parts.push(advice(new URL(base)));
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** Returns what to do so that others reach the relay by HTTPS. */
function advice(base: URL): string {
  if (isLoopback(base))
    return "Only this machine reaches the relay there. For others, start it with --listen 0.0.0.0:8787.";
  if (base.protocol === "https:") return "";
  return `This relay speaks plain HTTP, so others on the way can read invites and frames. For HTTPS, start it with
--tls-cert FILE --tls-key FILE, or put a web server in front and name it with --public-url https://NAME.`;
}

async function qrCode(link: string): Promise<string> {
  if (!process.stdout.isTTY) return "";
  // Loaded late because few starts need it.
  const { default: QrCode } = await import("qrcode");
  return `\n\n${await QrCode.toString(link, { type: "terminal", small: true })}`;
}

/** Returns the URL with an address of this machine if the relay listens on all of them. */
export function withOwnAddress(url: string, address: string): string {
  return url.replace(/(0\.0\.0\.0|\[::\])(?=:\d+$)/, address);
}

/**
 * Returns the IPv4 address from which this machine reaches the internet; without a route there, its first address, or
 * the loopback address.
 */
export async function ownAddress(): Promise<string> {
  const socket = createSocket("udp4");
  try {
    // Sends nothing: the kernel only looks up the route. The address is for documentation (RFC 5737).
    socket.connect(9, "192.0.2.1");
    await once(socket, "connect");
    return socket.address().address;
  } catch {
    const addresses = Object.values(networkInterfaces()).flatMap((interfaces) => interfaces ?? []);
    return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
  } finally {
    socket.close();
  }
}
