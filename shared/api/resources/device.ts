import { z } from "zod";
import { name, time } from "../fields.ts";

export const device = z
  .object({
    id: z.string(),
    name: z.string(),
    tenant: name,
    networks: z.array(name),
    online: z.boolean(),
    created_at: time,
    last_seen: time.nullable(),
  })
  .meta({ id: "Device", description: "A machine that enrolled by an invite, identified by its key." });
export type Device = z.infer<typeof device>;
