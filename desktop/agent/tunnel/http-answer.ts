/** Reads a relay's HTTP answers, whose size and content are untrusted. */
import { z } from "zod";
import { plainText } from "../../../shared/values/plain-text.ts";

/** Maximum bytes of an answer that are read. */
const ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * Reads an answer's JSON.
 *
 * @param most bytes
 * @returns the JSON, undefined if it is invalid or longer; and the number of bytes read
 * @throws if the connection is lost meanwhile
 */
export async function readJson(
  response: Response,
  most: number = ANSWER_BYTES,
): Promise<{ readonly json: unknown; readonly bytes: number }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the body.
    if (bytes > most) return { json: undefined, bytes };
    chunks.push(chunk);
  }
  try {
    return { json: JSON.parse(Buffer.concat(chunks).toString()), bytes };
  } catch {
    return { json: undefined, bytes };
  }
}

const shown = (most: number) => z.string().transform((text) => plainText(text, most));

/** Problem details (RFC 9457) of relays, safe to show. */
export const problemDetails = z.object({
  code: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/),
  detail: shown(1_024),
  hint: shown(1_024).optional().catch(undefined),
});
