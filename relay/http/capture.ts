import { Hono } from "hono";
import { z } from "zod";
import type { Capture } from "../hub/capture.ts";
import type { Hub } from "../hub/hub.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { validated } from "./validated.ts";

/**
 * After so many milliseconds of silence something is sent that says nothing: so that whoever reads the capture
 * from a pipe notices soon that the pipe's reader is gone, and that no proxy takes the line for dead.
 */
const IDLE_MS = 5_000;

const query = z.strictObject({
  vtep: z.string().min(1).max(256).optional(),
  drops: z.enum(["true", "false"]).optional(),
  seconds: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, "a whole number from 1 to 999999")
    .optional(),
});

const HEADERS = {
  "content-type": "application/x-pcapng",
  "cache-control": "no-store",
  // A proxy that gathers what it passes on would make it anything but live.
  "x-accel-buffering": "no",
} as const;

export interface CaptureApiOptions {
  readonly tenants: Tenants;
  readonly hub: Hub;
}

/**
 * `GET /tenants/:tenant/networks/:network/capture?vtep=&drops=true&seconds=`: what passes in a network, as it passes.
 *
 * The capture is on when the answer's head has come. It ends when the client goes away, the seconds are over, the
 * network is deleted or the relay drains; except for the first, with the statistics that complete it.
 */
export function captureApi({ tenants, hub }: CaptureApiOptions): Hono {
  const api = new Hono();
  api.get("/tenants/:tenant/networks/:network/capture", (context) => {
    const { tenant, network: name } = context.req.param();
    const network = tenants.network(tenant, name);
    const { vtep, drops, seconds } = validated(context.req.query(), query);
    // Answered by this handler too, whose body nobody would read.
    if (context.req.method === "HEAD") return new Response(null, { headers: HEADERS });
    const capture = hub.capture(network, { vtep, drops: drops === "true" });
    const body = stream(capture, seconds === undefined ? undefined : Number(seconds));
    return new Response(body, { headers: HEADERS });
  });
  return api;
}

/** What a capture has, taken from it no sooner than the client takes it. */
function stream(capture: Capture, seconds: number | undefined): ReadableStream<Uint8Array> {
  const timer = seconds === undefined ? undefined : setTimeout(() => capture.end(), seconds * 1_000);
  let gone = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (!gone) {
          const bytes = capture.take();
          if (bytes !== undefined) return controller.enqueue(bytes);
          if (capture.ended) {
            clearTimeout(timer);
            return controller.close();
          }
          const idle = setTimeout(() => capture.keepAlive(), IDLE_MS);
          await capture.more();
          clearTimeout(idle);
        }
      },
      cancel() {
        gone = true;
        clearTimeout(timer);
        capture.end();
      },
    },
    { highWaterMark: 0 },
  );
}
