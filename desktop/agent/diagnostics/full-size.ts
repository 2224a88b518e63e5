import type { Reach } from "../reach/reach.ts";
import { request } from "../reach/request.ts";
import { TooLate, within } from "./patience.ts";

/** Bytes sent at once: several full segments, and less than proxies accept as a header. */
const UP_BYTES = 4_096;
/** Maximum bytes of an answer that are read. */
const DOWN_BYTES = 1_048_576;
const PATIENCE_MS = 10_000;

/**
 * Tests whether full-size segments pass in both directions. If the path's real MTU is smaller and ICMP is dropped (RFC
 * 2923 section 2.1), connections open and then stall.
 *
 * @returns the bytes of the relay's answer; undefined if nothing more came
 * @throws the system's error if there was no connection; the signal's reason when aborted
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

/** Any answer, even a refusal, proves that the segments passed. */
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
