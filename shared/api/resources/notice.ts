import { z } from "zod";
import { name, time } from "../fields.ts";

export const notice = z
  .object({
    code: z.string().meta({ examples: ["limit.devices", "duplicate-mac"] }),
    network: name.nullable().meta({ description: "Null where it is about the tenant as a whole." }),
    message: z.string().meta({ description: "What is the matter." }),
    hint: z.string().meta({ description: "What to do about it; may be empty." }),
    first_at: time,
    last_at: time,
    count: z.number().int().meta({ description: "How often from the first to the last." }),
  })
  .meta({ id: "Notice", description: "Something that a tenant's administrator should know of." });
export type Notice = z.infer<typeof notice>;
