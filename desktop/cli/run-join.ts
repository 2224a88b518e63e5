import { usage } from "../../shared/fault.ts";
import { parseInviteLink } from "../../shared/invite-link.ts";
import { DeviceStore, relayText } from "../agent/device-store.ts";
import { enrol } from "../agent/enrol.ts";
import { defaultStateDirectory } from "../agent/identity.ts";
import { Output } from "./output.ts";
import { untilSignalled } from "./signals.ts";

/** What `laneway join` takes. */
export interface JoinOptions {
  readonly name: string;
  readonly state?: string;
  readonly json?: boolean;
}

/**
 * Enrols this device and says what it may do now.
 *
 * @throws Fault where the link can't be one, or the relay refuses it; never with the invite's secret in it
 */
export async function runJoin(link: string, { name, state, json }: JoinOptions): Promise<void> {
  const invite = parseInviteLink(link);
  if (invite === undefined) {
    // Without the link: its secret may be whole where the rest of it is not.
    throw usage(
      "usage.invite",
      "what is given is not an invite's link",
      "It is https://RELAY/join#v1.TENANT.SECRET, or begins with laneway://; put it in quotes, whole, as it was sent.",
    );
  }
  const relay = new URL(invite.relay);
  const { tenant, secret } = invite;
  const directory = state ?? defaultStateDirectory();
  const signal = untilSignalled();
  const store = new DeviceStore(directory);
  const { enrolment, relay: base } = await enrol({ relay, tenant, secret, name, store, signal });
  const output = new Output(json);
  const networks = enrolment.networks.map((network) => network.name);
  const where = `${relayText(base)}, tenant ${tenant}`;
  output.event(
    {
      device: enrolment.device,
      name: enrolment.name,
      tenant,
      relay: relayText(base),
      networks: enrolment.networks,
    },
    `this device is '${enrolment.name}' at ${where}`,
  );
  output.note(`networks it may use: ${networks.join(", ") || "none yet"}`);
  output.note(`bring them up with: ${upCommandLine(directory, state !== undefined)}`);
}

/** How to bring networks up from this state directory: it takes root, whose own is another than that of a user. */
function upCommandLine(directory: string, named: boolean): string {
  const root = process.getuid?.() === 0;
  const state = named || !root ? ` --state ${quoted(directory)}` : "";
  return `${root ? "" : "sudo "}laneway up${state}`;
}

/** For a shell, where that is needed. */
function quoted(text: string): string {
  return /^[\w./+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
