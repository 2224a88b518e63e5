import { z } from "zod";
import { expiresIn, name, note, time } from "../fields.ts";

export const newAdmin = z
  .strictObject({ name: note.optional(), expires_in: expiresIn.optional() })
  .meta({ id: "NewAdmin" });
export type NewAdmin = z.input<typeof newAdmin>;

export const admin = z
  .object({
    id: z.string(),
    tenant: name,
    name: z.string().nullable(),
    created_at: time,
    expires_at: time.nullable(),
  })
  .meta({ id: "Admin", description: "An administrator of one tenant, with its own token." });
export type Admin = z.infer<typeof admin>;

export const madeAdmin = admin
  .extend({
    token: z
      .string()
      .meta({ description: "The token. The relay shows it only once and stores only its hash." }),
  })
  .meta({ id: "MadeAdmin" });
export type MadeAdmin = z.infer<typeof madeAdmin>;

export const me = z
  .object({
    role: z.enum(["relay-admin", "tenant-admin"]),
    tenant: name
      .nullable()
      .meta({ description: "The tenant that the caller administers; null for all tenants." }),
    id: z.string().nullable(),
    name: z.string().nullable(),
    expires_at: time.nullable(),
  })
  .meta({ id: "Me" });
export type Me = z.infer<typeof me>;
