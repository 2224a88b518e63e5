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
      .meta({ description: "How many devices it lets in; one unless it is said." }),
    macs: macs.optional(),
    expires_in: expiresIn.optional().meta({ description: "Seconds from now; a week unless it is said." }),
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
    macs: z
      .int()
      .nullable()
      .meta({ description: "MAC addresses of each device; null where the limits say." }),
    created_at: time,
    expires_at: time,
  })
  .meta({ id: "Invite", description: "A link that lets devices onto one network." });
export type Invite = z.infer<typeof invite>;

export const madeInvite = invite
  .extend({
    link: z.string().meta({
      description: "The link: shown this once. Behind `#` are `v1`, the tenant and the secret, between dots.",
      examples: ["https://relay.example/join#v1.acme.SECRET"],
    }),
    app_link: z
      .string()
      .nullable()
      .meta({ description: "The same for the desktop app; null where the relay is not reached by HTTPS." }),
  })
  .meta({ id: "MadeInvite" });
export type MadeInvite = z.infer<typeof madeInvite>;

export const inviteRevocation = z.object({
  devices: z.enum(["true", "false"]).optional().meta({
    description: "`false` keeps the devices that it has let in; they are shut out unless it is said.",
  }),
});
export type InviteRevocation = z.input<typeof inviteRevocation>;
