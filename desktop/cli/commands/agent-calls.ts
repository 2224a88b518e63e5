/** Commands that ask the agent, and show what it answers. */
import { Command } from "commander";
import { plainText } from "../../../shared/values/plain-text.ts";
import type { NetworkState, NetworkStatus, Peer, Problem } from "../../rpc/shapes.ts";
import { bytes } from "../print/bytes.ts";
import { type Look, Output, type Row } from "../print/output.ts";
import { untilSignalled } from "../signals.ts";
import { connectAgent, type PlaceOptions, placeOf } from "./agent-access.ts";

const LOOKS: Readonly<Record<NetworkState, Look>> = {
  down: "faint",
  connecting: "busy",
  up: "good",
  reconnecting: "busy",
  failed: "bad",
};

/** `laneway status|peers|down|leave`: calls of the agent. */
export function agentCallCommands(): Command[] {
  return [
    new Command("status")
      .description("show this machine's networks in the agent")
      .option("--json", "print JSON, one object per line")
      .action(runStatus),
    ofPlace(new Command("peers"))
      .description("list the members of a network: addresses and latency")
      .argument("[network]", "its name (default: all that are up)")
      .action(runPeers),
    ofPlace(new Command("down"))
      .description("take a network down and keep it down")
      .argument("[network]", "its name (default: all that are up)")
      .action(runDown),
    ofPlace(new Command("leave"))
      .description("take a network down and forget it, and this device's key with its last network")
      .argument("<network>", "its name")
      .action(runLeave),
  ];
}

function ofPlace(command: Command): Command {
  return command
    .option("--tenant <name>", "the tenant, if several have a network of this name")
    .option("--relay <url>", "the relay, if several have a network of this name")
    .option("--json", "print JSON, one object per line");
}

/** `laneway status` */
async function runStatus({ json }: PlaceOptions): Promise<void> {
  const agent = await connectAgent(untilSignalled());
  const { networks } = await agent.call("status", {});
  agent.close();
  const output = new Output(json);
  if (json === true) return output.list(networks.map(statusRow), []);
  if (networks.length === 0) {
    return output.note("this machine is on no network: open an invite with 'laneway join LINK'");
  }
  const columns = ["network", "tenant", "state", "tap", "address", "members", "in", "out"];
  const rows = networks.map((one) => ({
    ...statusRow(one),
    in: bytes(one.rx_bytes),
    out: bytes(one.tx_bytes),
  }));
  output.list(rows, columns, (column, row) =>
    column === "state" ? LOOKS[row["state"] as NetworkState] : undefined,
  );
  for (const { network, error, warnings = [] } of networks) {
    for (const one of error === null ? warnings : [error, ...warnings]) complain(network, one);
  }
}

function complain(network: string, { message, hint }: Problem): void {
  process.stderr.write(`laneway: ${plainText(`${network}: ${message}`)}\n  ${plainText(hint)}\n`);
}

/** `laneway peers [NETWORK]` */
async function runPeers(name: string | undefined, options: PlaceOptions): Promise<void> {
  const agent = await connectAgent(untilSignalled());
  const { networks } = await agent.call("status", {});
  const asked =
    name === undefined
      ? networks.filter(({ state }) => state !== "down").map(({ id }) => ({ network: id }))
      : [{ network: name, ...placeOf(options) }];
  const answers = await Promise.all(asked.map((ref) => agent.call("peers", ref)));
  agent.close();
  const rows = answers.flatMap(({ id, peers }) => {
    const network = networks.find((one) => one.id === id);
    return peers.map((peer) => peerRow(network, peer, options.json === true));
  });
  const columns = ["network", "name", "online", "macs", "addresses", "latency_ms", "path", "last_seen"];
  new Output(options.json).list(rows, columns, (column, row) => {
    if (column !== "online") return undefined;
    return row["online"] === "yes" ? "good" : "faint";
  });
}

/** `laneway down [NETWORK]` */
async function runDown(name: string | undefined, options: PlaceOptions): Promise<void> {
  const agent = await connectAgent(untilSignalled());
  const { networks } = await agent.call(
    "down",
    name === undefined ? {} : { network: name, ...placeOf(options) },
  );
  agent.close();
  const output = new Output(options.json);
  for (const network of networks) {
    output.event({ event: "down", ...statusRow(network) }, `${network.network} is down`);
  }
  if (networks.length === 0) output.note("no network was up");
}

/** `laneway leave NETWORK` */
async function runLeave(name: string, options: PlaceOptions): Promise<void> {
  const agent = await connectAgent(untilSignalled());
  const { networks } = await agent.call("status", {});
  const { id } = await agent.call("leave", { network: name, ...placeOf(options) });
  agent.close();
  const left = networks.find((one) => one.id === id);
  const where = { network: left?.network ?? name, tenant: left?.tenant ?? null, relay: left?.relay };
  new Output(options.json).event(
    { event: "left", ...where },
    `this machine has left ${where.network}; a new invite brings it back`,
  );
}

/** What `status --json` says of a network. */
function statusRow(status: NetworkStatus): Row {
  const { network, tenant, vni, state, tap, mac, address, relay, members, rx_bytes, tx_bytes } = status;
  const { warnings = [], error } = status;
  const row = { network, tenant, vni, state, tap, mac, address, relay, members, rx_bytes, tx_bytes };
  return {
    ...row,
    // Why it is not up, while it is not.
    ...(error !== null && { error }),
    ...(warnings.length > 0 && { warnings }),
  };
}

function peerRow(network: NetworkStatus | undefined, peer: Peer, json: boolean): Row {
  const place = { network: network?.network, tenant: network?.tenant };
  return json ? { ...place, ...peer } : { ...place, ...peer, online: peer.online ? "yes" : "no" };
}
