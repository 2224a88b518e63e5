import { z } from "zod";
import { name, time } from "../fields.ts";

export const notice = z
  .object({
    code: z.string().meta({ examples: ["limit.devices", "duplicate-mac"] }),
    network: name.nullable().meta({ description: "Null if the notice concerns the whole tenant." }),
    message: z.string().meta({ description: "What happened." }),
    hint: z.string().meta({ description: "What to do about it; may be empty." }),
    first_at: time,
    last_at: time,
    count: z.number().int().meta({ description: "Number of occurrences from the first to the last." }),
  })
  .meta({ id: "Notice", description: "An event that a tenant's administrator should know about." });
export type Notice = z.infer<typeof notice>;
