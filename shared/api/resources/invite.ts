import { z } from "zod";
import { expiresIn, macs, name, time } from "../fields.ts";

export const newInvite = z
  .strictObject({
    network: name,
    uses: z
      .number()
      .int()
      .min(1)
      .max(1_000_000_000)
      .optional()
      .meta({ description: "Number of devices that it can enrol; by default 1." }),
    macs: macs.optional(),
    expires_in: expiresIn.optional().meta({ description: "Seconds from now; by default one week." }),
  })
  .meta({ id: "NewInvite" });
export type NewInvite = z.input<typeof newInvite>;

export const invite = z
  .object({
    id: z.string(),
    network: name,
    tenant: name,
    uses: z.int(),
    used: z.int(),
    macs: z.int().nullable().meta({ description: "MAC addresses of each device; null if the limits apply." }),
    created_at: time,
    expires_at: time,
  })
  .meta({ id: "Invite", description: "A link that enrols devices in one network." });
export type Invite = z.infer<typeof invite>;

export const madeInvite = invite
  .extend({
    link: z.string().meta({
      description:
        "The link, shown only once. After `#` follow `v1`, the tenant and the secret, separated by dots.",
      examples: ["https://relay.example/join#v1.acme.SECRET"],
    }),
    app_link: z
      .string()
      .nullable()
      .meta({ description: "The link for the desktop app; null if the relay is not reached by HTTPS." }),
  })
  .meta({ id: "MadeInvite" });
export type MadeInvite = z.infer<typeof madeInvite>;

export const inviteRevocation = z.object({
  devices: z.enum(["true", "false"]).optional().meta({
    description: "`false` keeps the devices that it enrolled; by default they are revoked too.",
  }),
});
export type InviteRevocation = z.input<typeof inviteRevocation>;
