import type { Context } from "hono";
import { z } from "zod";
import { validated } from "./validated.ts";

/** How tenants and networks are named. */
export const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit",
  );

/** Seconds from now: a century at most. */
export const expiresIn = z.number().int().positive().max(3_155_760_000);

/**
 * @param quote whether what is wrong may be quoted: not where it may be a secret
 * @throws Fault `request.invalid` where the request's JSON is not of this schema
 */
export async function body<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
  { quote = true } = {},
): Promise<z.infer<Schema>> {
  const json: unknown = await context.req.json().catch(() => undefined);
  return validated(json, schema, { quote });
}

/** Seconds since 1970 as ISO 8601; null where there is no such time. */
export function isoTime(seconds: number | undefined): string | null {
  return seconds === undefined ? null : new Date(seconds * 1_000).toISOString();
}
