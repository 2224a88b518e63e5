import { z } from "zod";
import { PORT_ROLES } from "../../switch/port.ts";
import { expiresIn, macs, name, note, time } from "../fields.ts";

const role = z.enum(PORT_ROLES);

export const newToken = z
  .strictObject({
    network: name.optional().meta({ description: "The network that it opens." }),
    networks: z.array(name).max(64).default([]).meta({ description: "Those that it opens besides." }),
    all_networks: z
      .literal(true)
      .optional()
      .meta({ description: "Every network of the tenant, also those to come, in place of some." }),
    roles: z
      .array(role)
      .default([])
      .meta({ description: "What the machines behind it may be to others, where a network guards that." }),
    macs: macs.optional(),
    name: note.optional(),
    expires_in: expiresIn.optional(),
  })
  .refine(
    ({ network, networks, all_networks }) =>
      all_networks ? network === undefined && networks.length === 0 : network !== undefined,
    "name a network, or have all_networks instead",
  )
  .meta({ id: "NewToken", description: "Names a `network`, or has `all_networks` instead." });
export type NewToken = z.input<typeof newToken>;

export const token = z
  .object({
    id: z.string(),
    network: name.nullable().meta({ description: "The first of `networks`; null where it opens all." }),
    networks: z.array(name),
    all_networks: z.boolean(),
    roles: z.array(role),
    macs: z
      .int()
      .nullable()
      .meta({ description: "MAC addresses of each session; null where the limits say." }),
    tenant: name,
    name: z.string().nullable(),
    created_at: time,
    expires_at: time.nullable(),
  })
  .meta({ id: "Token", description: "An access token: opens networks, any number of sessions at once." });
export type Token = z.infer<typeof token>;

export const madeToken = token
  .extend({ token: z.string().meta({ description: "The token itself: shown this once, kept nowhere." }) })
  .meta({ id: "MadeToken" });
export type MadeToken = z.infer<typeof madeToken>;
