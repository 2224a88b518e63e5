import { Command } from "commander";
import { INHERIT, type LimitsChange } from "../../../../shared/api/resources/limits.ts";
import { usage } from "../../../../shared/values/fault.ts";
import { Output, type Row } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions, tenantOption } from "./admin-options.ts";

/** The word for no limit. */
const UNLIMITED = "unlimited";

const HELP = `
Besides counts of networks, devices, tokens, invites and sessions, the limits of a tenant are:
  session-macs                   MAC addresses behind each session; network-session-macs: in one network
  macs, neighbours, groups       addresses and multicast memberships that the relay learns
  queued-bytes                   bytes that wait for receivers that read slowly
  captures, audit-entries        captures at once; entries of the audit log that are kept
  bytes-per-second, packets-per-second, dns-queries-per-second
  control-messages-per-second    control messages from members
  control-bytes-per-second       control messages to members; one to N members counts N times
  changes-per-minute             changes over the API by the tenant's administrators
A relay may know more: 'laneway limits show' lists them all with their values.`;

interface LimitsOptions extends AdminOptions {
  readonly network?: string;
}

/** Returns `laneway limits show|set`. */
export function limitsCommand(): Command {
  const limits = new Command("limits").description("administer how much a tenant and its networks may have");
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(limits.command(usage).description(description))).option(
      "--network <name>",
      `one network, which may have limits of its own for those that begin with network-; ${INHERIT}: its tenant's`,
    );

  add("show", "show a tenant's limits; those that begin with network- are of each of its networks").action(
    async (options: LimitsOptions) => {
      print(options, await adminClient(options).show(pathOf(options), options));
    },
  );
  add(
    "set <limit...>",
    "change a tenant's limits, like devices=50 network-macs=1000 tokens=unlimited",
  ).action(async (texts: string[], options: LimitsOptions) => {
    const change: LimitsChange = Object.fromEntries(texts.map(parseLimit));
    print(options, await adminClient(options).change(pathOf(options), options, change));
  });
  limits.addHelpText("after", HELP);
  return limits;
}

/** Returns the path of the limits of a tenant, or of one of its networks. */
function pathOf({ network }: LimitsOptions) {
  return `/v1/tenants/{tenant}/${network === undefined ? "" : "networks/{network}/"}limits` as const;
}

function print({ json, tenant, network }: LimitsOptions, limits: Row): void {
  if (json === true) {
    const whose = network === undefined ? { tenant } : { tenant, network };
    return new Output(true).object({ ...whose, ...limits });
  }
  const shown = Object.entries(limits).map(([name, value]) => [
    name.replaceAll("_", "-"),
    value ?? UNLIMITED,
  ]);
  new Output(false).object(Object.fromEntries(shown));
}

/** Parses `name=value`; the relay checks the name. */
function parseLimit(text: string): [string, number | string | null] {
  const [, name = "", value = ""] = /^([a-z][a-z_-]*)=(\d{1,12}|unlimited|inherit)$/.exec(text) ?? [];
  const key = name.replaceAll("-", "_");
  if (value === UNLIMITED) return [key, null];
  if (name !== "") return [key, value === INHERIT ? INHERIT : Number(value)];
  throw usage(
    "usage.limit",
    `'${text}' is not a limit`,
    `Write it as NAME=NUMBER or NAME=${UNLIMITED}; 'laneway limits show' has the names.`,
  );
}
