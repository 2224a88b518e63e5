import { Command, Option } from "commander";
import { PORT_ROLES } from "../../../../shared/switch/port.ts";
import { usage } from "../../../../shared/values/fault.ts";
import { Output, type Row } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions, tenantOption } from "./admin-options.ts";

type NetworkOptions = AdminOptions & { readonly network: string };

interface CreateOptions extends NetworkOptions {
  readonly kind: string;
  readonly listen?: string;
  readonly remote?: readonly string[];
  readonly group?: string;
  readonly interface?: string;
  readonly wireVni?: number;
  readonly unknownRemotes?: string;
  readonly gbp?: true;
  readonly gpe?: true;
  readonly key?: number;
  readonly checksum?: true;
  readonly sequence?: true;
  readonly over?: string;
  readonly mode?: string;
  readonly gateway?: readonly string[];
  readonly route?: readonly string[];
  readonly vsid?: number;
  readonly mtu?: number;
  readonly clampMss?: true;
  readonly role?: readonly string[];
}

const COLUMNS = ["id", "network", "kind", "state", "listen", "remotes", "group", "problem"];

/** `laneway port create|list|show|delete` */
export function portCommand(): Command {
  const port = new Command("port").description(
    "administer a network's tunnels to other VTEPs, beside the relay",
  );
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(port.command(usage).description(description))).option(
      "--network <name>",
      "the network",
      "lan",
    );

  add("create", "make a port; it works from now on")
    .addOption(
      new Option("--kind <kind>", "how frames travel")
        .choices(["vxlan", "gre", "nvgre"])
        .makeOptionMandatory(),
    )
    .option(
      "--listen <host[:port]>",
      "an address of the relay's machine to receive on (default: all of them)",
    )
    .addOption(repeated("--remote <host[:port]>", "another end; again for more"))
    .option("--group <address>", "vxlan: the multicast group that carries what is for all")
    .option("--interface <name>", "vxlan: the interface that the group is on")
    .option(
      "--wire-vni <number>",
      "vxlan: the VNI on the underlay (default: the network's)",
      whole("--wire-vni"),
    )
    .addOption(
      new Option(
        "--unknown-remotes <what>",
        "whether other ends may be learnt (default: with a group), or also flooded",
      ).choices(["learn", "drop", "flood"]),
    )
    .option("--gbp", "vxlan: read group-based policy and pass it on to other ports")
    .option("--gpe", "vxlan: the generic protocol extension, UDP port 4790")
    .option("--key <number>", "gre: the key, 0 to 4294967295", whole("--key"))
    .option("--checksum", "gre: send checksums")
    .option("--sequence", "gre: number packets, drop what is late")
    .addOption(
      new Option("--over <what>", "gre, nvgre: right over IP, or in UDP (RFC 8086)").choices(["ip", "udp"]),
    )
    .addOption(
      new Option("--mode <mode>", "gre: what is inside, Ethernet or IP").choices(["bridged", "routed"]),
    )
    .addOption(
      repeated(
        "--gateway <cidr>",
        "gre, routed: the hub's address on the network, which its machines route by; again for the other IP version",
      ),
    )
    .addOption(repeated("--route <cidr>", "gre, routed: a subnet at the other end; again for more"))
    .option("--vsid <number>", "nvgre: the virtual subnet id, 4096 to 16777214", whole("--vsid"))
    .option("--mtu <bytes>", "the underlay's MTU (default: as the system knows it)", whole("--mtu"))
    .option("--clamp-mss", "have TCP keep its segments to what fits")
    .addOption(
      new Option("--role <role...>", "what the machines behind it may be to others").choices(PORT_ROLES),
    )
    .action(async (options: CreateOptions) => {
      new Output(options.json).object(
        await adminClient(options).create(requestOf(options), ...path(options)),
      );
    });
  add("list", "list a network's ports").action(async (options: NetworkOptions) => {
    new Output(options.json).list(await adminClient(options).list(path(options)), COLUMNS);
  });
  add("show <id>", "show a port with its counters and what it learnt").action(
    async (id: string, options: NetworkOptions) => {
      new Output(options.json).object(await adminClient(options).show(...path(options), id));
    },
  );
  add("delete <id>", "delete a port; nothing passes there any more").action(
    async (id: string, options: NetworkOptions) => {
      await adminClient(options).delete(...path(options), id);
      new Output(options.json).note(`port '${id}' is deleted`);
    },
  );
  return port;
}

function path({ tenant, network }: NetworkOptions): string[] {
  return ["tenants", tenant, "networks", network, "ports"];
}

/** The options as the API has them: what is not given is not said, and what a kind does not know it refuses itself. */
function requestOf(options: CreateOptions): Row {
  const said = {
    kind: options.kind,
    listen: options.listen,
    remotes: options.remote,
    group: options.group,
    interface: options.interface,
    wire_vni: options.wireVni,
    unknown_remotes: options.unknownRemotes === undefined ? undefined : options.unknownRemotes !== "drop",
    flood_learnt: options.unknownRemotes === "flood" ? true : undefined,
    gbp: options.gbp,
    gpe: options.gpe,
    key: options.key,
    checksum: options.checksum,
    sequence: options.sequence,
    over: options.over,
    mode: options.mode,
    gateways: options.gateway,
    routes: options.route,
    vsid: options.vsid,
    mtu: options.mtu,
    clamp_mss: options.clampMss,
    roles: options.role,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** An option that may be given again, each time with one value. */
function repeated(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    text,
  ]);
}

function whole(option: string): (text: string) => number {
  return (text) => {
    if (!/^\d{1,10}$/.test(text))
      throw usage("usage.number", `'${text}' is not a number for ${option}`, "Write a whole number.");
    return Number(text);
  };
}
