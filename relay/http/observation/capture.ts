import { captureQuery } from "../../../shared/api/resources/live.ts";
import type { Capture } from "../../hub/capture/capture.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Admin } from "../../model/model.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import { after } from "../kernel/after.ts";
import { type Operation, operation } from "../kernel/operation.ts";

/**
 * Milliseconds of silence after which the relay sends a keep-alive. So a capture piped to another program soon notices
 * that its reader is gone, and proxies keep the connection open.
 */
const IDLE_MS = 5_000;

const MEDIA_TYPE = "application/x-pcapng";

const HEADERS = {
  "content-type": MEDIA_TYPE,
  // Keeps a buffering proxy from delaying the stream.
  "x-accel-buffering": "no",
} as const;

export interface CaptureApiOptions {
  readonly tenants: Tenants;
  readonly hub: Hub;
}

/**
 * Returns the operation that streams the frames of a network live.
 *
 * The capture has begun when the response's head arrives. It ends when the client disconnects, the time is over, the
 * network is deleted, the caller's token is revoked or expires, or the relay drains. Except after a disconnect, final
 * statistics complete it. It also ends if the client reads nothing for half a minute. The audit log records beginning
 * and end.
 */
export function captureOperations({ tenants, hub }: CaptureApiOptions): Operation[] {
  const open = new Map<Capture, Admin>();
  tenants.onRevoked((revocation) => {
    if (revocation.kind !== "admin") return;
    for (const [capture, { id }] of open) if (id === revocation.id) capture.end();
  });
  return [
    operation({
      id: "captureNetwork",
      tag: "live",
      summary: "Capture a network's frames live",
      description:
        "Ends when the client disconnects, the time is over, the network is deleted, the caller's token is revoked or expires, or the relay stops.",
      method: "get",
      path: "/v1/tenants/{tenant}/networks/{network}/capture",
      query: captureQuery,
      responses: { 200: { description: "A pcapng stream.", content: { [MEDIA_TYPE]: {} } } },
      errors: {
        404: ["vtep.unknown"],
        409: ["limit.captures"],
        429: ["capture.too-many"],
        507: ["store.full"],
      },
      handle({ params, query: { vtep, drops, seconds }, context }) {
        const network = tenants.network(params.tenant, params.network);
        // HEAD reaches this handler too, and its body would never be read.
        if (context.req.method === "HEAD") return new Response(null, { headers: HEADERS });
        const { by, admin } = context.var;
        const note = (action: string) =>
          tenants.audit.note({ tenant: network.tenant, by, action, object: network.name });
        const timers = new AbortController();
        const ended = () => {
          timers.abort();
          open.delete(capture);
          tenants.health.attempt("note the end of a capture", () => note("capture.end"));
        };
        // Deferred because the capture may end before it is assigned.
        const capture = hub.capture(network, { vtep, drops: drops === "true" }, () => queueMicrotask(ended));
        const end = () => capture.end();
        if (admin !== undefined) open.set(capture, admin);
        if (seconds !== undefined) after(Number(seconds) * 1_000, end, timers.signal);
        if (admin?.expiresAt !== undefined) after(admin.expiresAt * 1_000 - Date.now(), end, timers.signal);
        try {
          note("capture.start");
        } catch (error) {
          end();
          throw error;
        }
        return new Response(stream(capture), { headers: HEADERS });
      },
    }),
  ];
}

/** Returns the capture's bytes as a stream that reads only as fast as the client. */
function stream(capture: Capture): ReadableStream<Uint8Array> {
  let gone = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (!gone) {
          const bytes = capture.take();
          if (bytes !== undefined) return controller.enqueue(bytes);
          if (capture.ended) return controller.close();
          const idle = setTimeout(() => capture.keepAlive(), IDLE_MS);
          await capture.more();
          clearTimeout(idle);
        }
      },
      cancel() {
        gone = true;
        capture.end();
      },
    },
    { highWaterMark: 0 },
  );
}
