import { z } from "zod";

/** Problem details of an HTTP error (RFC 9457), with a stable code and a hint. */
export const problem = z
  .object({
    type: z.literal("about:blank"),
    title: z.string().meta({ description: "The phrase for the status." }),
    status: z.int().meta({ description: "The HTTP status." }),
    detail: z.string().meta({ description: "What went wrong, with the offending value." }),
    code: z
      .string()
      .meta({ description: "The error's code: stable, for programs.", examples: ["network.unknown"] }),
    hint: z.string().meta({ description: "What to do about it." }),
  })
  .meta({ id: "Problem", description: "Problem details (RFC 9457)." });

export type Problem = z.infer<typeof problem>;
