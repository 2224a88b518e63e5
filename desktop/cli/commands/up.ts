import { Command, Option } from "commander";
import { usage } from "../../../shared/fault.ts";
import { parseCidr } from "../../../shared/frame/cidr.ts";
import { isUsableSource, parseMac } from "../../../shared/frame/mac.ts";
import { defaultStateDirectory, deviceId, deviceMac } from "../../agent/identity.ts";
import { configureLink } from "../../agent/link.ts";
import { LocalNetwork } from "../../agent/local-network.ts";
import { openTap } from "../../agent/tap/open.ts";
import { TunnelClient } from "../../agent/tunnel-client.ts";
import { Output } from "../output.ts";
import { parseRelayUrl } from "../relay-url.ts";
import { untilSignalled } from "../signals.ts";

interface UpOptions {
  readonly relay?: string;
  readonly token?: string;
  readonly state?: string;
  readonly tap?: string;
  readonly address?: string;
  readonly mac?: number;
  readonly json?: boolean;
}

/**
 * Frames that the kernel holds back for us. Short: what waits longer than the tunnel takes is delay without
 * gain, and TCP adapts to what is dropped here.
 */
const TXQUEUELEN = 500;

/** `laneway up` */
export function upCommand(): Command {
  return new Command("up")
    .description("bring networks up on this machine, until it is told to end")
    .argument("[network...]", "names of networks (default: all that the token opens)")
    .addOption(new Option("--relay <url>", "the relay").env("LANEWAY_RELAY"))
    .addOption(
      new Option("--token <token>", "an access token (the environment keeps it out of process lists)").env(
        "LANEWAY_TOKEN",
      ),
    )
    .option("--state <dir>", "where this device keeps what it is known by (or LANEWAY_STATE)")
    .option("--tap <name>", "the interface's name (default: the first free lw0, lw1, …)")
    .option("--address <cidr|none>", "the interface's address, like 10.20.0.7/24", address)
    .option("--mac <mac>", "the interface's MAC address (default: this device's own on the network)", mac)
    .option("--json", "print events as JSON lines")
    .action(up);
}

async function up(networks: readonly string[], options: UpOptions): Promise<void> {
  if (options.relay === undefined)
    throw usage("usage.relay", "no relay is named", "Name it with --relay URL, or set LANEWAY_RELAY.");
  if (options.token === undefined)
    throw usage("usage.token", "no token is named", "Name it with --token TOKEN, or set LANEWAY_TOKEN.");
  const own = options.tap ?? options.address ?? options.mac;
  if (own !== undefined && networks.length > 1) {
    throw usage(
      "usage.networks",
      "--tap, --address and --mac are for one network",
      "Run 'laneway up' once for each.",
    );
  }
  const signal = untilSignalled();
  const output = new Output(options.json);
  const device = deviceId(options.state ?? defaultStateDirectory());
  const client = new TunnelClient({
    relay: parseRelayUrl(options.relay),
    token: options.token,
    networks,
    events: {
      up: (network) => {
        const what = network.describe();
        const where = what.address === undefined ? "" : `, address ${what.address}`;
        output.event(
          { event: "up", ...what },
          `${what.network} is up: interface ${what.tap}, MAC ${what.mac}${where}`,
        );
      },
      reconnecting: (affected, reason, delayMs) => {
        const seconds = (delayMs / 1_000).toFixed(1);
        process.stderr.write(`laneway: ${reason}; trying again in ${seconds} s\n`);
        for (const network of affected) {
          const what = network.describe();
          output.event({ event: "reconnecting", ...what, reason }, `${what.network} is reconnecting`);
        }
      },
      down: (network) => {
        const what = network.describe();
        output.event({ event: "down", ...what }, `${what.network} is down`);
      },
    },
    openNetwork: async (offer, failed) => {
      const tap = await openTap({ signal, ...(options.tap === undefined ? {} : { name: options.tap }) });
      try {
        const hardware = options.mac ?? deviceMac(device, `${offer.name}\n${offer.vni}`);
        const address = options.address === "none" ? undefined : (options.address ?? offer.address);
        const link = { name: tap.name, mac: hardware, mtu: offer.mtu, txqueuelen: TXQUEUELEN, signal };
        await configureLink(address === undefined ? link : { ...link, address });
        return new LocalNetwork(offer, { tap, mac: hardware, address }, failed);
      } catch (error) {
        await tap.close();
        throw error;
      }
    },
  });
  await client.run(signal);
}

function address(text: string): string {
  if (text === "none" || parseCidr(text) !== undefined) return text;
  throw usage(
    "usage.cidr",
    `'${text}' is not a CIDR`,
    "Write an address and a prefix length, like 10.20.0.7/24, or none.",
  );
}

function mac(text: string): number {
  const value = parseMac(text);
  if (value !== undefined && isUsableSource(value)) return value;
  throw usage(
    "usage.mac",
    `'${text}' is not the MAC address of a machine`,
    "Write it as 02:00:00:00:00:01; its first byte has to be even.",
  );
}
