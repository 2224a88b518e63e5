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
  .meta({ id: "Admin", description: "Somebody who administers one tenant by a token of their own." });
export type Admin = z.infer<typeof admin>;

export const madeAdmin = admin
  .extend({ token: z.string().meta({ description: "Their token: shown this once, kept nowhere." }) })
  .meta({ id: "MadeAdmin" });
export type MadeAdmin = z.infer<typeof madeAdmin>;

export const me = z
  .object({
    role: z.enum(["relay-admin", "tenant-admin"]),
    tenant: name.nullable().meta({ description: "The one tenant that they administer; null for all." }),
    id: z.string().nullable(),
    name: z.string().nullable(),
    expires_at: time.nullable(),
  })
  .meta({ id: "Me" });
export type Me = z.infer<typeof me>;
