import { setTimeout as sleep } from "node:timers/promises";
import { formatMac } from "../../../shared/frame/mac.ts";
import { explain, Fault, usage } from "../../../shared/values/fault.ts";
import { relayText } from "../../agent/identity/device-store.ts";
import { forOneNetwork, isForOneNetwork } from "../../agent/network/interfaces.ts";
import type { RpcClient } from "../../rpc/client.ts";
import type { Params } from "../../rpc/schema.ts";
import type { NetworkStatus } from "../../rpc/shapes.ts";
import { Output } from "../print/output.ts";
import type { UpOptions } from "./options.ts";
import { noRelay, parseRelayUrl, wayOf } from "./relay-url.ts";

/** How long to wait for a network to be up, or for the first attempt to fail, in milliseconds. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 100;

/** Returns whether the agent can do this: a token without a network, and trunks, need the foreground. */
export function suitsAgent(networks: readonly string[], options: UpOptions): boolean {
  if (options.foreground === true || options.trunk !== undefined || options.qemu !== undefined) return false;
  return options.token === undefined || networks.length > 0;
}

/**
 * Makes the agent bring networks up, and returns once they are up or the reason is known: the agent keeps trying.
 *
 * @param networks names; none means all that this device is enrolled for
 * @throws Fault the agent's own, and why a network can't be up
 */
export async function upByAgent(
  agent: RpcClient,
  networks: readonly string[],
  options: UpOptions,
  signal: AbortSignal,
): Promise<void> {
  const refs = await chosen(agent, networks, options);
  if (refs.length > 1 && isForOneNetwork(options)) throw forOneNetwork();
  const request = requestOf(options);
  const ids: string[] = [];
  for (const ref of refs) ids.push((await agent.call("up", { ...ref, ...request }, signal)).network.id);
  const settled = await settle(agent, ids, signal);
  const output = new Output(options.json);
  for (const network of settled) tell(output, network);
  const failed = settled.find(({ state }) => state === "failed");
  if (failed?.error) throw new Fault({ ...failed.error });
}

async function chosen(agent: RpcClient, names: readonly string[], options: UpOptions) {
  const { token, tenant } = options;
  const relay = options.relay === undefined ? undefined : relayText(parseRelayUrl(options.relay).url);
  // As given, with its user and password.
  const named = options.relay;
  if (token !== undefined) {
    if (named === undefined) {
      throw noRelay();
    }
    return names.map((network) => ({ network, relay: named, token }));
  }
  const place = { ...(tenant !== undefined && { tenant }), ...(named !== undefined && { relay: named }) };
  if (names.length > 0) return [...new Set(names)].map((network) => ({ network, ...place }));
  const { networks } = await agent.call("status", {});
  const all = networks.filter(
    (one) =>
      one.access === "device" &&
      (tenant === undefined || one.tenant === tenant) &&
      (relay === undefined || one.relay === relay),
  );
  if (all.length > 0) return all.map(({ id }) => ({ network: id }));
  throw usage(
    "usage.not-enrolled",
    "no network is named, and this machine is enrolled for none",
    "Open an invite with 'laneway join LINK', or name a network with a token and its relay: --token TOKEN --relay URL.",
  );
}

function requestOf({
  tap,
  address,
  mac,
  offload,
  allowOverlap,
  ...way
}: UpOptions): Omit<Params<"up">, "network"> {
  return {
    ...(tap !== undefined && { tap }),
    ...(address !== undefined && { address }),
    ...(mac !== undefined && { mac: formatMac(mac) }),
    ...(allowOverlap !== undefined && { allow_overlap: allowOverlap }),
    // The default is not sent, only what was given.
    ...(!offload && { offload }),
    ...wayOf(way),
  };
}

/** Returns the networks once each is up or the reason against it is known. */
async function settle(
  agent: RpcClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<NetworkStatus[]> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { networks } = await agent.call("status", {}, signal);
    const ours = networks.filter(({ id }) => ids.includes(id));
    const open = ours.some(({ state, error }) => state === "connecting" && error === null);
    if (!open || performance.now() > deadline) return ours;
    await sleep(LOOK_MS, undefined, { signal });
  }
}

function tell(output: Output, status: NetworkStatus): void {
  const { network, vni, tap, mac, address, tenant, relay, state, error } = status;
  const event = state === "up" || state === "failed" ? state : "reconnecting";
  const what = { event, network, vni, tap, mac, address, ...(tenant !== null && { relay, tenant }) };
  if (state === "failed") return output.event({ ...what, reason: error?.message }, `${network} has failed`);
  if (state === "up") {
    const { warnings = [] } = status;
    for (const warning of warnings) process.stderr.write(explain(new Fault(warning)).text);
    const with_ = address === null ? "" : `, address ${address}`;
    const told = { ...what, ...(warnings.length > 0 && { warnings }) };
    return output.event(told, `${network} is up: interface ${tap}, MAC ${mac}${with_}`);
  }
  const why = error === null ? "" : `: ${error.message}`;
  output.event(
    { ...what, reason: error?.message },
    `${network} is not up yet; the agent goes on trying${why}`,
  );
}
