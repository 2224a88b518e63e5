import { z } from "zod";
import { parseAddress } from "../../frame/address.ts";
import { parseCidr } from "../../frame/cidr.ts";
import { MAX_VNI } from "../../frame/encapsulation/vxlan.ts";
import { networkSettings, settingsChange } from "../../switch/settings.ts";
import { name } from "../fields.ts";

export const vni = z.number().int().min(1).max(MAX_VNI).meta({ description: "VXLAN network identifier." });

export const networkMode = z.enum(["switch", "wire"]).meta({
  description: "`switch` drops link-local control frames; `wire` forwards all frames.",
});

export const newNetwork = z
  .strictObject({
    name,
    vni: vni
      .optional()
      .meta({ description: "By default a free one. Only the relay's administrator can choose it." }),
    subnet: z
      .string()
      .refine((text) => parseCidr(text) !== undefined, {
        error: (issue) => `'${issue.input}' is not a CIDR like 10.20.0.0/24`,
      })
      .optional()
      .meta({ examples: ["10.20.0.0/24"] }),
    addresses: z.boolean().optional().meta({
      description: "Whether the relay assigns addresses to members. Default true if there is a subnet.",
    }),
    group: z
      .string()
      .refine(isGroupAddress, {
        error: (issue) => `'${issue.input}' is not a multicast address like 239.1.1.101`,
      })
      .optional()
      .meta({ description: "The multicast group; by default 239 followed by the VNI's three bytes." }),
    mtu: z.number().int().min(576).max(65_521).optional(),
    mode: networkMode.optional(),
    settings: settingsChange.optional(),
  })
  .meta({ id: "NewNetwork" });
export type NewNetwork = z.input<typeof newNetwork>;

export const networkChange = z.strictObject({ settings: settingsChange }).meta({ id: "NetworkChange" });
export type NetworkChange = z.input<typeof networkChange>;

export const network = z
  .object({
    name,
    tenant: name,
    vni,
    group: z.string(),
    mtu: z.int(),
    subnet: z.string().nullable(),
    addresses: z.boolean(),
    prefix6: z.string().nullable().meta({ description: "The prefix of its IPv6 addresses (RFC 4193)." }),
    mode: networkMode,
    settings: networkSettings,
  })
  .meta({ id: "Network", description: "A network, which is one segment." });
export type Network = z.infer<typeof network>;

/** Returns whether a group can carry a network. 224.0.0.0/24 cannot leave its link (RFC 5771 section 4). */
function isGroupAddress(text: string): boolean {
  const address = parseAddress(text);
  if (typeof address === "bigint") return address >> 120n === 0xffn;
  return address !== undefined && address >>> 28 === 0xe && address >>> 8 !== 0xe00000;
}
