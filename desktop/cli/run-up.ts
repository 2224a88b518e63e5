import { usage } from "../../shared/fault.ts";
import type { Framing } from "../../system/websocket/framing.ts";
import { defaultStateDirectory, deviceId, deviceMac } from "../agent/identity.ts";
import { configureLink } from "../agent/link.ts";
import { LocalNetwork } from "../agent/local-network.ts";
import { checkName } from "../agent/tap/faults.ts";
import { openTap } from "../agent/tap/open.ts";
import { TunnelClient } from "../agent/tunnel-client.ts";
import { Output } from "./output.ts";
import { parseRelayUrl } from "./relay-url.ts";
import { untilSignalled } from "./signals.ts";

/** What `laneway up` takes. */
export interface UpOptions {
  readonly relay?: string;
  readonly token?: string;
  readonly state?: string;
  readonly tap?: string;
  readonly address?: string;
  readonly mac?: number;
  readonly offload: boolean;
  readonly websocket?: Framing;
  readonly json?: boolean;
}

/**
 * Frames that the kernel holds back for us, whatever their size: what does not fit is dropped there, and TCP adapts. With
 * fewer, ordinary frames are lost between two turns of the event loop; with more, they wait for longer than the tunnel
 * does: behind an uplink of 200 Mbit/s that UDP fills, a ping took 46 ms with 500, 18 with 96 and 16 with 64.
 */
const TXQUEUELEN = 64;

/**
 * Brings networks up and keeps them so, until the process is told to end.
 *
 * @param networks names; none means all that the token opens
 * @throws Fault where going on makes no sense
 */
export async function runUp(networks: readonly string[], options: UpOptions): Promise<void> {
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
  if (options.tap !== undefined) checkName(options.tap);
  const signal = untilSignalled();
  const output = new Output(options.json);
  const device = deviceId(options.state ?? defaultStateDirectory());
  const client = new TunnelClient({
    relay: parseRelayUrl(options.relay),
    token: options.token,
    offload: options.offload,
    framing: options.websocket ?? "own",
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
      const tap = await openTap({ signal, name: options.tap, offload: options.offload });
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
