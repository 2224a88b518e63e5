import { z } from "zod";
import { PORT_ROLES } from "../../switch/port.ts";
import { expiresIn, macs, name, note, time } from "../fields.ts";

const role = z.enum(PORT_ROLES);

export const newToken = z
  .strictObject({
    network: name.optional().meta({ description: "The network that it opens." }),
    networks: z.array(name).max(64).default([]).meta({ description: "The other networks that it opens." }),
    all_networks: z
      .literal(true)
      .optional()
      .meta({ description: "Opens every network of the tenant, also future ones, instead of a list." }),
    roles: z.array(role).default([]).meta({
      description: "The roles that machines behind it may have in networks that guard these roles.",
    }),
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
    network: name.nullable().meta({ description: "The first of `networks`; null if it opens all." }),
    networks: z.array(name),
    all_networks: z.boolean(),
    roles: z.array(role),
    macs: z
      .int()
      .nullable()
      .meta({ description: "MAC addresses of each session; null if the limits apply." }),
    tenant: name,
    name: z.string().nullable(),
    created_at: time,
    expires_at: time.nullable(),
  })
  .meta({ id: "Token", description: "An access token: opens networks, any number of sessions at once." });
export type Token = z.infer<typeof token>;

export const madeToken = token
  .extend({
    token: z
      .string()
      .meta({ description: "The token. The relay shows it only once and stores only its hash." }),
  })
  .meta({ id: "MadeToken" });
export type MadeToken = z.infer<typeof madeToken>;
