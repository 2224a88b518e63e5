import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
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
export async function exchangeFullSize(relay: URL, signal: AbortSignal): Promise<number | undefined> {
  const url = new URL(relay);
  url.pathname = `${relay.pathname.replace(/\/+$/, "")}/v1/openapi.json`;
  url.search = "";
  try {
    return await within(PATIENCE_MS, signal, (either) => ask(url, either));
  } catch (error) {
    if (error instanceof TooLate) return undefined;
    throw error;
  }
}

/** Whatever is answered, also a refusal, has come through. */
function ask(url: URL, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === "https:" ? requestHttps : requestHttp;
    const headers = { "x-laneway-padding": "x".repeat(UP_BYTES) };
    const asking = request(url, { headers, signal, agent: false }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Uint8Array) => {
        bytes += chunk.length;
        if (bytes > DOWN_BYTES) response.destroy();
      });
      response.once("close", () => resolve(bytes));
      response.on("error", reject);
    });
    asking.on("error", reject);
    asking.end();
  });
}
