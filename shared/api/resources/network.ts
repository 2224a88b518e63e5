import { z } from "zod";
import { parseAddress } from "../../frame/address.ts";
import { parseCidr } from "../../frame/cidr.ts";
import { MAX_VNI } from "../../frame/encapsulation/vxlan.ts";
import { networkSettings, settingsChange } from "../../switch/settings.ts";
import { name } from "../fields.ts";

export const vni = z.number().int().min(1).max(MAX_VNI).meta({ description: "VXLAN network identifier." });

export const networkMode = z.enum(["switch", "wire"]).meta({
  description: "`switch` keeps link-local control frames to itself, `wire` passes everything.",
});

export const newNetwork = z
  .strictObject({
    name,
    vni: vni
      .optional()
      .meta({ description: "A free one unless it is said; the relay's administrator alone says it." }),
    subnet: z
      .string()
      .refine((text) => parseCidr(text) !== undefined, {
        error: (issue) => `'${issue.input}' is not a CIDR like 10.20.0.0/24`,
      })
      .optional()
      .meta({ examples: ["10.20.0.0/24"] }),
    addresses: z.boolean().optional().meta({
      description: "Whether members are given addresses; where there is a subnet, unless it is said.",
    }),
    group: z
      .string()
      .refine(isGroupAddress, {
        error: (issue) => `'${issue.input}' is not a multicast address like 239.1.1.101`,
      })
      .optional()
      .meta({ description: "The multicast group; 239 and the VNI's three bytes unless it is said." }),
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
    prefix6: z
      .string()
      .nullable()
      .meta({ description: "The IPv6 prefix that its addresses are of (RFC 4193)." }),
    mode: networkMode,
    settings: networkSettings,
  })
  .meta({ id: "Network", description: "A segment of its own." });
export type Network = z.infer<typeof network>;

/** Returns whether a group can carry a network. 224.0.0.0/24 cannot leave its link (RFC 5771 section 4). */
function isGroupAddress(text: string): boolean {
  const address = parseAddress(text);
  if (typeof address === "bigint") return address >> 120n === 0xffn;
  return address !== undefined && address >>> 28 === 0xe && address >>> 8 !== 0xe00000;
}
