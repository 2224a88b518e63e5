import { parseInviteLink } from "../../../shared/api/invite-link.ts";
import { DeviceStore, type KnownNetwork, relayText } from "../../agent/identity/device-store.ts";
import { enrol, notAnInvite } from "../../agent/identity/enrol.ts";
import { defaultStateDirectory } from "../../agent/identity/identity.ts";
import { Output } from "../print/output.ts";
import { untilSignalled } from "../signals.ts";
import { type ReachOptions, reachOf, wayOf } from "../up/relay-url.ts";
import { agentFor } from "./agent-access.ts";

/** Options of `laneway join`. */
export interface JoinOptions extends ReachOptions {
  readonly name: string;
  readonly state?: string;
  readonly json?: boolean;
}

/**
 * Enrols this device and prints what it may do now.
 *
 * @throws Fault if the link is invalid, or the relay refuses it; never contains the invite's secret
 */
export async function runJoin(link: string, options: JoinOptions): Promise<void> {
  const { name, state, json } = options;
  const invite = parseInviteLink(link);
  if (invite === undefined) throw notAnInvite();
  const signal = untilSignalled();
  const agent = await agentFor(state, signal);
  if (agent !== undefined) {
    const { networks, ...device } = await agent
      .call("join", { link, name, ...wayOf(options) }, signal)
      .finally(() => agent.close());
    const known = networks.map(({ name, vni }) => ({ name, vni }));
    return tell(new Output(json), { ...device, networks: known }, "laneway up");
  }
  const relay = new URL(invite.relay);
  const { tenant, secret } = invite;
  const directory = state ?? defaultStateDirectory();
  const store = new DeviceStore(directory);
  const reach = reachOf(options, invite);
  const { enrolment, relay: base } = await enrol({ relay, reach, tenant, secret, name, store, signal });
  const { device, name: called, networks } = enrolment;
  const joined = { device, name: called, tenant, relay: relayText(base), networks };
  tell(new Output(json), joined, upCommandLine(directory, state !== undefined));
}

interface Joined {
  readonly device: string;
  readonly name: string;
  readonly tenant: string;
  readonly relay: string;
  readonly networks: readonly KnownNetwork[];
}

function tell(output: Output, joined: Joined, up: string): void {
  const { device, name, tenant, relay, networks } = joined;
  output.event(
    { device, name, tenant, relay, networks },
    `this device is '${name}' at ${relay}, tenant ${tenant}`,
  );
  output.note(`networks it may use: ${networks.map((network) => network.name).join(", ") || "none yet"}`);
  output.note(`bring them up with: ${up}`);
}

/** Returns the command that brings networks up from this state directory: root's own directory differs. */
function upCommandLine(directory: string, named: boolean): string {
  const root = process.getuid?.() === 0;
  const state = named || !root ? ` --state ${quoted(directory)}` : "";
  return `${root ? "" : "sudo "}laneway up${state}`;
}

/** Quotes a word for a shell if necessary. */
function quoted(text: string): string {
  return /^[\w./+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
