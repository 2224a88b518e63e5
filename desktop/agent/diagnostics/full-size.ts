import type { Reach } from "../reach/reach.ts";
import { request } from "../reach/request.ts";
import { TooLate, within } from "./patience.ts";

/** Bytes that are sent in one go: several segments of full size, and less than proxies take of a header. */
const UP_BYTES = 4_096;
/** Bytes of an answer that are read at most. */
const DOWN_BYTES = 1_048_576;
const PATIENCE_MS = 10_000;

/**
 * Whether segments of full size come through both ways: where the path takes fewer bytes than it says, and drops the
 * messages that would tell (RFC 2923 section 2.1), connections open and then stand still.
 *
 * @returns how many bytes the relay answered; undefined where nothing more came
 * @throws the system's error where there was no connection; the signal's reason when aborted
 */
export async function exchangeFullSize(
  relay: URL,
  reach: Reach,
  signal: AbortSignal,
): Promise<number | undefined> {
  const url = new URL(relay);
  url.pathname = `${relay.pathname.replace(/\/+$/, "")}/v1/openapi.json`;
  url.search = "";
  try {
    return await within(PATIENCE_MS, signal, (either) => ask(url, reach, either));
  } catch (error) {
    if (error instanceof TooLate) return undefined;
    throw error;
  }
}

/** Whatever is answered, also a refusal, has come through. */
async function ask(url: URL, reach: Reach, signal: AbortSignal): Promise<number> {
  const headers = { "x-laneway-padding": "x".repeat(UP_BYTES) };
  const response = await request(url, reach, { method: "GET", headers, signal });
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > DOWN_BYTES) break;
  }
  return bytes;
}
