import { explainCommand } from "../../../system/command.ts";
import { DeviceStore, relayText } from "../../agent/identity/device-store.ts";
import { defaultStateDirectory, deviceId } from "../../agent/identity/identity.ts";
import { Interfaces } from "../../agent/network/interfaces.ts";
import { checkName } from "../../agent/tap/faults.ts";
import { TunnelClient } from "../../agent/tunnel/tunnel-client.ts";
import { agentFor } from "../commands/agent-access.ts";
import { Output } from "../print/output.ts";
import { untilSignalled } from "../signals.ts";
import { type Access, chooseAccess } from "./choose-access.ts";
import { tellDropped, tellUnmapped } from "./dropped-vlans.ts";
import type { UpOptions } from "./options.ts";
import { suitsAgent, upByAgent } from "./run-up-by-agent.ts";
import { checkAccesses, checkNetworks } from "./up-checks.ts";
import { UpTeller } from "./up-teller.ts";

/**
 * Brings networks up: a running agent does it in the background, otherwise this process keeps them up until it is told
 * to end.
 *
 * @param networks names; none means all that the token allows, that this device is enrolled for, or that are on the
 * trunk
 * @throws Fault if going on makes no sense
 */
export async function runUp(networks: readonly string[], options: UpOptions): Promise<void> {
  checkNetworks(networks, options);
  if (options.tap !== undefined) checkName(options.tap);
  const signal = untilSignalled();
  const agent = suitsAgent(networks, options) ? await agentFor(options.state, signal) : undefined;
  if (agent !== undefined)
    return await upByAgent(agent, networks, options, signal).finally(() => agent.close());
  const state = options.state ?? defaultStateDirectory();
  const names = options.trunk?.map(({ network }) => network) ?? networks;
  const accesses = chooseAccess(names, options, new DeviceStore(state));
  checkAccesses(accesses, options);
  const device = deviceId(state);
  const terminal = options.json !== true && process.stdout.isTTY ? process.stdout : undefined;
  const teller = new UpTeller(new Output(options.json), terminal, options.json);
  try {
    const tunnels = accesses.map((access) => runTunnel(access, options, device, teller, signal));
    await allOf(tunnels, teller);
  } finally {
    teller.close();
  }
}

/** Waits for independent tunnels: a failure is reported at once, and the others continue. */
async function allOf(tunnels: readonly Promise<void>[], teller: UpTeller): Promise<void> {
  let running = tunnels.length;
  const ended = () => --running;
  const failed = (error: unknown) => {
    if (ended() === 0) throw error;
    teller.complain(explainCommand(error).text);
    process.exitCode = 1;
  };
  await Promise.all(tunnels.map((tunnel) => tunnel.then(ended, failed)));
}

async function runTunnel(
  { relay, reach, credentials, networks, tenant }: Access,
  options: UpOptions,
  device: string,
  teller: UpTeller,
  signal: AbortSignal,
): Promise<void> {
  // Networks of several relays and tenants may have the same name.
  const place = tenant === undefined ? {} : { relay: relayText(relay), tenant };
  const { trunk, offload } = options;
  const say = (line: string) => teller.complain(line);
  const client = new TunnelClient({
    relay,
    reach: () => reach,
    credentials,
    offload,
    framing: options.websocket ?? "own",
    networks,
    events: teller.events(place),
    interfaces: new Interfaces(
      {
        device,
        place: Object.values(place),
        requestFor: () => options,
        inform: (message) => teller.note(message),
        alike: true,
        machines: {
          listening: (network, at) => teller.complain(`laneway: virtual machines join ${network} at ${at}\n`),
          connected: (network, machine) => teller.complain(`laneway: ${machine} has joined ${network}\n`),
          gone: (network, why) => teller.complain(`laneway: a machine has left ${network}: ${why.message}\n`),
        },
        trunk: trunk && {
          members: trunk,
          unmapped: tellUnmapped(say),
          dropped: (vlans) => tellDropped(say, vlans),
        },
      },
      signal,
    ),
  });
  await client.run(signal);
}
