import { explainCommand } from "../../system/command.ts";
import type { Framing } from "../../system/websocket/framing.ts";
import { DeviceStore, relayText } from "../agent/device-store.ts";
import { defaultStateDirectory, deviceId } from "../agent/identity.ts";
import type { LocalNetworkStatus } from "../agent/local-network.ts";
import { checkName } from "../agent/tap/faults.ts";
import { TunnelClient, type TunnelClientEvents } from "../agent/tunnel-client.ts";
import { type Access, type AccessOptions, chooseAccess } from "./choose-access.ts";
import { Interfaces, type InterfacesOptions } from "./interfaces.ts";
import { Output } from "./output.ts";
import { untilSignalled } from "./signals.ts";
import { checkAccesses, checkNetworks } from "./up-checks.ts";

/** What `laneway up` takes. */
export interface UpOptions
  extends AccessOptions,
    Omit<InterfacesOptions, "device" | "place" | "inform" | "signal"> {
  readonly state?: string;
  readonly websocket?: Framing;
  readonly json?: boolean;
}

/**
 * Brings networks up and keeps them so, until the process is told to end.
 *
 * @param networks names; none means all that the token opens, or that this device is enrolled for, or with a trunk
 * those that are on it
 * @throws Fault where going on makes no sense
 */
export async function runUp(networks: readonly string[], options: UpOptions): Promise<void> {
  checkNetworks(networks, options);
  if (options.tap !== undefined) checkName(options.tap);
  const state = options.state ?? defaultStateDirectory();
  const signal = untilSignalled();
  const names = options.trunk?.map(({ network }) => network) ?? networks;
  const accesses = chooseAccess(names, options, new DeviceStore(state));
  checkAccesses(accesses, options);
  const output = new Output(options.json);
  const device = deviceId(state);
  await allOf(accesses.map((access) => runTunnel(access, options, device, output, signal)));
}

/**
 * Waits for tunnels that are nothing to each other: where one of several fails, that is told at once, and the others
 * go on.
 */
async function allOf(tunnels: readonly Promise<void>[]): Promise<void> {
  let running = tunnels.length;
  const ended = () => --running;
  const failed = (error: unknown) => {
    if (ended() === 0) throw error;
    process.stderr.write(explainCommand(error).text);
    process.exitCode = 1;
  };
  await Promise.all(tunnels.map((tunnel) => tunnel.then(ended, failed)));
}

async function runTunnel(
  { relay, credentials, networks, tenant }: Access,
  options: UpOptions,
  device: string,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  // Networks of several relays and tenants may have one name.
  const place = tenant === undefined ? {} : { relay: relayText(relay), tenant };
  const interfaces = new Interfaces({
    ...options,
    device,
    place: Object.values(place),
    inform: (message) => output.note(message),
    signal,
  });
  const client = new TunnelClient({
    relay,
    credentials,
    offload: options.offload,
    framing: options.websocket ?? "own",
    networks,
    events: tellingEvents(output, place),
    openNetwork: (offer, failed, offers) => interfaces.open(offer, failed, offers),
  });
  try {
    await client.run(signal);
  } finally {
    await interfaces.close();
  }
}

/** @param place where the networks are, told with every event */
function tellingEvents(output: Output, place: object): TunnelClientEvents {
  return {
    up: (network) => {
      const what = network.describe();
      const addresses = [what.address, what.address6].filter((one) => one !== undefined);
      const address = addresses.length === 0 ? "" : `, address ${addresses.join(" and ")}`;
      const names = what.dns === undefined || address === "" ? "" : `, names in ${what.dns.domain}`;
      output.event(
        { event: "up", ...what, ...place },
        `${what.network} is up: ${whereIs(what)}, MAC ${what.mac}${address}${names}`,
      );
    },
    reconnecting: (affected, reason, delayMs) => {
      const seconds = (delayMs / 1_000).toFixed(1);
      process.stderr.write(`laneway: ${reason}; trying again in ${seconds} s\n`);
      for (const network of affected) {
        const what = network.describe();
        output.event({ event: "reconnecting", ...what, ...place, reason }, `${what.network} is reconnecting`);
      }
    },
    notice: (code, message) => process.stderr.write(`laneway: ${code}: ${message}\n`),
    down: (network) => {
      const what = network.describe();
      output.event({ event: "down", ...what, ...place }, `${what.network} is down`);
    },
  };
}

function whereIs({ tap, vlan }: LocalNetworkStatus): string {
  if (vlan === undefined) return `interface ${tap}`;
  return vlan === "untagged" ? `interface ${tap}, untagged` : `interface ${tap}, VLAN ${vlan}`;
}
