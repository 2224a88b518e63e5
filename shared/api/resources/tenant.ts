import { z } from "zod";
import { name } from "../fields.ts";

export const newTenant = z.strictObject({ name }).meta({ id: "NewTenant" });
export type NewTenant = z.input<typeof newTenant>;

export const tenant = z
  .object({ name })
  .meta({ id: "Tenant", description: "A tenant, isolated from the others." });
export type Tenant = z.infer<typeof tenant>;
