import { z } from "zod";
import { isUsableSource, parseMac } from "../../frame/mac.ts";
import { mac, portId, vni } from "../fields.ts";

export const fdbEntry = z
  .object({
    mac,
    vni,
    port: portId,
    kind: z.enum(["learned", "static", "registered"]),
    age_seconds: z.int(),
    remote: z
      .string()
      .optional()
      .meta({ description: "The VTEP of the underlay that the address is behind, if the port is a tunnel." }),
  })
  .meta({ id: "FdbEntry", description: "The VTEP that a MAC address is behind." });
export type FdbEntry = z.infer<typeof fdbEntry>;

export const newPin = z
  .strictObject({
    mac: z
      .string()
      .refine((text) => isUsableSource(parseMac(text) ?? 0), {
        error: (issue) => `'${issue.input}' is not the MAC address of a machine`,
      })
      .meta({ examples: ["02:00:00:00:00:01"] }),
    port: z.string().max(256).meta({ description: "The VTEP's id, or its member's name." }),
  })
  .meta({ id: "NewPin" });
export type NewPin = z.input<typeof newPin>;

export const pin = z
  .object({ id: z.string(), mac, port: portId, kind: z.literal("static") })
  .meta({ id: "Pin", description: "A static entry." });
export type Pin = z.infer<typeof pin>;
