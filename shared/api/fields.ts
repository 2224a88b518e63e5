/** Fields that several resources of the API share. */
import { z } from "zod";

/** The name of a tenant or network. */
export const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit",
  )
  .meta({ examples: ["lab"] });

/** A lifetime in seconds from now: at most a century. */
export const expiresIn = z
  .number()
  .int()
  .positive()
  .max(3_155_760_000)
  .meta({ description: "Seconds from now." });

/**
 * Maximum number of MAC addresses of a session, whatever the limits say: at most as many as a network's table holds.
 */
export const macs = z
  .number()
  .int()
  .min(1)
  .max(1_000_000)
  .meta({ description: "MAC addresses of each session, in place of the limit `session_macs`." });

/** A description for people. */
export const note = z.string().max(256);

/** A moment, as answers contain it. */
export const time = z.iso
  .datetime()
  .meta({ description: "ISO 8601, UTC.", examples: ["2026-01-31T12:00:00.000Z"] });

/** Returns the document's schema of a number in a query, which arrives as text. */
export function wholeNumber(description: string, minimum: number, maximum: number) {
  return { type: "integer", description, minimum, maximum } as const;
}

export const mac = z.string().meta({ examples: ["02:00:00:00:00:01"] });
export const vni = z.int().meta({ description: "VXLAN network identifier." });
export const portId = z.string().meta({ description: "A VTEP, which is a session, by its id." });
