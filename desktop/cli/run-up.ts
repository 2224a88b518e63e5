import { usage } from "../../shared/fault.ts";
import { UNTAGGED_VLAN } from "../../shared/frame/vlan.ts";
import type { NetworkOffer } from "../../shared/tunnel/control.ts";
import type { Framing } from "../../system/websocket/framing.ts";
import { defaultStateDirectory, deviceId, deviceMac } from "../agent/identity.ts";
import { openInterface } from "../agent/interface.ts";
import { LocalNetwork, type LocalNetworkStatus } from "../agent/local-network.ts";
import { checkName } from "../agent/tap/faults.ts";
import { type TrunkMember, TrunkNetworks } from "../agent/trunk-networks.ts";
import { TunnelClient } from "../agent/tunnel-client.ts";
import { tellDropped, tellUnmapped } from "./dropped-vlans.ts";
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
  readonly trunk?: readonly TrunkMember[];
  readonly offload: boolean;
  readonly websocket?: Framing;
  readonly json?: boolean;
}

/**
 * Brings networks up and keeps them so, until the process is told to end.
 *
 * @param networks names; none means all that the token opens, or with a trunk those that are on it
 * @throws Fault where going on makes no sense
 */
export async function runUp(networks: readonly string[], options: UpOptions): Promise<void> {
  if (options.relay === undefined)
    throw usage("usage.relay", "no relay is named", "Name it with --relay URL, or set LANEWAY_RELAY.");
  if (options.token === undefined)
    throw usage("usage.token", "no token is named", "Name it with --token TOKEN, or set LANEWAY_TOKEN.");
  checkNetworks(networks, options);
  if (options.tap !== undefined) checkName(options.tap);
  const signal = untilSignalled();
  const output = new Output(options.json);
  const device = deviceId(options.state ?? defaultStateDirectory());
  const link = { name: options.tap, offload: options.offload, signal };
  const macIn = (offer: NetworkOffer) => options.mac ?? deviceMac(device, `${offer.name}\n${offer.vni}`);
  const addressIn = (offer: NetworkOffer) =>
    options.address === "none" ? undefined : (options.address ?? offer.address);
  const trunk =
    options.trunk &&
    new TrunkNetworks({
      members: options.trunk,
      link,
      mac: macIn,
      address: addressIn,
      unmapped: tellUnmapped(),
    });
  const client = new TunnelClient({
    relay: parseRelayUrl(options.relay),
    token: options.token,
    offload: options.offload,
    framing: options.websocket ?? "own",
    networks: options.trunk?.map(({ network }) => network) ?? networks,
    events: {
      up: (network) => {
        const what = network.describe();
        const where = what.address === undefined ? "" : `, address ${what.address}`;
        output.event(
          { event: "up", ...what },
          `${what.network} is up: ${placeOf(what)}, MAC ${what.mac}${where}`,
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
      notice: (code, message) => process.stderr.write(`laneway: ${code}: ${message}\n`),
      down: (network) => {
        const what = network.describe();
        output.event({ event: "down", ...what }, `${what.network} is down`);
      },
    },
    openNetwork: async (offer, failed, offers) => {
      if (trunk !== undefined) return await trunk.open(offer, offers, failed);
      const mac = macIn(offer);
      const address = addressIn(offer);
      const tap = await openInterface({ ...link, mac, mtu: offer.mtu, address });
      return new LocalNetwork(offer, { tap, mac, address }, failed);
    },
  });
  try {
    await client.run(signal);
  } finally {
    await trunk?.close();
    tellDropped((await trunk?.droppedVlans()) ?? []);
  }
}

/** @throws Fault where options don't go together */
function checkNetworks(networks: readonly string[], { tap, address, mac, trunk }: UpOptions): void {
  if (trunk === undefined) {
    if ((tap ?? address ?? mac) === undefined || networks.length < 2) return;
    throw usage(
      "usage.networks",
      "--tap, --address and --mac are for one network",
      "Run 'laneway up' once for each.",
    );
  }
  if (networks.length > 0) {
    throw usage(
      "usage.networks",
      `'${networks[0]}' is named beside --trunk, which names its networks itself`,
      "Add it to the trunk, or run 'laneway up' once for each.",
    );
  }
  if (address !== undefined && !trunk.some(({ vlan }) => vlan === UNTAGGED_VLAN)) {
    throw usage(
      "usage.networks",
      `--address ${address} is for the untagged network of a trunk, and this one has none`,
      "Leave it out, or map one with --trunk untagged=NETWORK.",
    );
  }
}

function placeOf({ tap, vlan }: LocalNetworkStatus): string {
  if (vlan === undefined) return `interface ${tap}`;
  return vlan === "untagged" ? `interface ${tap}, untagged` : `interface ${tap}, VLAN ${vlan}`;
}
