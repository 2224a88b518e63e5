import { Command, Option } from "commander";
import { type NewPort, newPort } from "../../../../shared/api/resources/port.ts";
import { PORT_ROLES } from "../../../../shared/switch/port.ts";
import { Output } from "../../print/output.ts";
import {
  type AdminOptions,
  adminClient,
  adminOptions,
  rangeText,
  tenantOption,
  wholeNumber,
} from "./admin-options.ts";

type NetworkOptions = AdminOptions & { readonly network: string };

type CreateOptions = NetworkOptions & { readonly unknownRemotes?: string };

const COLUMNS = ["id", "network", "kind", "state", "listen", "remotes", "group", "problem"];

const PATH = "/v1/tenants/{tenant}/networks/{network}/ports";
const ONE = `${PATH}/{port}` as const;

const [, gre, nvgre] = newPort.options;
/** The field names of all kinds of ports. */
const FIELDS: ReadonlySet<string> = new Set(newPort.options.flatMap(({ shape }) => Object.keys(shape)));

/** Returns `laneway port create|list|show|delete`. */
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

  const field = (flags: string, description: string) => new FieldOption(flags, description);
  const number = (option: string, value: string, description: string) =>
    field(`${option} ${value}`, description).argParser(wholeNumber(option, { digits: 10 }));
  add("create", "make a port; it works from now on")
    .addOption(
      field("--kind <kind>", "how frames travel")
        .choices(newPort.options.map(({ shape }) => shape.kind.value))
        .makeOptionMandatory(),
    )
    .addOption(
      field(
        "--listen <host[:port]>",
        "an address of the relay's machine to receive on (default: all of them)",
      ),
    )
    .addOption(field("--remote <host[:port]>", "another end; again for more").repeated())
    .addOption(field("--group <address>", "vxlan: the multicast group that carries what is for all"))
    .addOption(field("--interface <name>", "vxlan: the interface that the group is on"))
    .addOption(number("--wire-vni", "<number>", "vxlan: the VNI on the underlay (default: the network's)"))
    .addOption(
      new Option(
        "--unknown-remotes <what>",
        "whether other ends may be learnt (default: with a group), or also flooded",
      ).choices(["learn", "drop", "flood"]),
    )
    .addOption(field("--gbp", "vxlan: read group-based policy and pass it on to other ports"))
    .addOption(field("--gpe", "vxlan: the generic protocol extension, UDP port 4790"))
    .addOption(number("--key", "<number>", `gre: the key, ${rangeText(gre.shape.key.unwrap())}`))
    .addOption(field("--checksum", "gre: send checksums"))
    .addOption(field("--sequence", "gre: number packets, drop what is late"))
    .addOption(
      field("--over <what>", "gre, nvgre: right over IP, or in UDP (RFC 8086)").choices(
        gre.shape.over.unwrap().options,
      ),
    )
    .addOption(
      field("--mode <mode>", "gre: what is inside, Ethernet or IP").choices(gre.shape.mode.unwrap().options),
    )
    .addOption(
      field(
        "--gateway <cidr>",
        "gre, routed: the hub's address on the network, which its machines route by; again for the other IP version",
      ).repeated(),
    )
    .addOption(field("--route <cidr>", "gre, routed: a subnet at the other end; again for more").repeated())
    .addOption(number("--vsid", "<number>", `nvgre: the virtual subnet id, ${rangeText(nvgre.shape.vsid)}`))
    .addOption(number("--mtu", "<bytes>", "the underlay's MTU (default: as the system knows it)"))
    .addOption(field("--clamp-mss", "have TCP keep its segments to what fits"))
    .addOption(field("--role <role...>", "what the machines behind it may be to others").choices(PORT_ROLES))
    .action(async (options: CreateOptions) => {
      new Output(options.json).object(await adminClient(options).create(PATH, options, requestOf(options)));
    });
  add("list", "list a network's ports").action(async (options: NetworkOptions) => {
    new Output(options.json).list(await adminClient(options).list(PATH, options), COLUMNS);
  });
  add("show <id>", "show a port with its counters and what it learnt").action(
    async (id: string, options: NetworkOptions) => {
      new Output(options.json).object(await adminClient(options).show(ONE, { ...options, port: id }));
    },
  );
  add("delete <id>", "delete a port; nothing passes there any more").action(
    async (id: string, options: NetworkOptions) => {
      await adminClient(options).delete(ONE, { ...options, port: id });
      new Output(options.json).note(`port '${id}' is deleted`);
    },
  );
  return port;
}

/**
 * Returns the options as the API's request, without options that are not given. The relay refuses those that do not fit
 * the kind.
 */
function requestOf(options: CreateOptions): NewPort {
  const { unknownRemotes } = options;
  const given = Object.entries(options).filter(([name]) => FIELDS.has(name));
  const unknown = {
    unknown_remotes: unknownRemotes === undefined ? undefined : unknownRemotes !== "drop",
    flood_learnt: unknownRemotes === "flood" ? true : undefined,
  };
  return { ...Object.fromEntries(given), ...unknown } as NewPort;
}

/** An option for a field of the request, stored under the field's name. */
class FieldOption extends Option {
  override attributeName(): string {
    const name = this.name().replaceAll("-", "_");
    return FIELDS.has(name) ? name : `${name}s`;
  }

  /** Allows the option several times, each with one value. */
  repeated(): this {
    return this.argParser((text: string, before: readonly string[] = []) => [...before, text]);
  }
}
