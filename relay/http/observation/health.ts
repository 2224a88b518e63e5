import { z } from "zod";
import { Fault } from "../../../shared/values/fault.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import { type Operation, operation } from "../kernel/operation.ts";

const tag = "relay";

const health = z.object({ status: z.string() }).meta({ id: "Health" });

const TUNNEL = `A WebSocket of subprotocol \`laneway.v1\`, described in docs/protocol.md.

The relay sends \`{"type":"challenge","nonce":"…","relay":"<origin>"}\` at once. The client answers within 5 seconds with
\`{"type":"hello","version":1,"client":{"name":"…"},"features":["batch"],"auth":AUTH}\`, where \`AUTH\` is
\`{"method":"device","device":"<id>","signature":"<base64url>"}\` (\`POST /v1/enrol\` tells what is signed) or
\`{"method":"token","token":"<access token>"}\`. What follows is \`welcome\`, or a close with 4001.`;

/** Returns the health checks for load balancers, and the tunnel's answer to requests that do not speak WebSocket. */
export function healthOperations({ tenants }: { readonly tenants: Tenants }): Operation[] {
  return [
    operation({
      id: "showHealth",
      tag,
      summary: "Check that the relay runs",
      method: "get",
      path: "/healthz",
      audience: "anyone",
      answer: health,
      handle: () => ({ status: "ok" }),
    }),
    operation({
      id: "showReadiness",
      tag,
      summary: "Check whether the relay can serve requests",
      method: "get",
      path: "/readyz",
      audience: "anyone",
      responses: {
        200: {
          description: "The relay can serve requests.",
          content: { "application/json": { schema: health } },
        },
        503: {
          description:
            "The relay cannot serve requests; `status` says why. It still forwards frames, but refuses changes.",
          content: { "application/json": { schema: health } },
        },
      },
      handle({ context }) {
        const status = (text: string): z.input<typeof health> => ({ status: text });
        try {
          tenants.check();
          return context.json(status("ready"));
        } catch (error) {
          const reason = error instanceof Fault ? error.message : "the store does not answer";
          return context.json(status(reason), 503);
        }
      },
    }),
    operation({
      id: "openTunnel",
      tag: "tunnel",
      summary: "Open a tunnel",
      description: TUNNEL,
      method: "get",
      path: "/v1/tunnel",
      audience: "anyone",
      responses: {
        101: { description: "The connection switches to WebSocket." },
        426: { description: "The request is not a WebSocket upgrade.", content: { "text/plain": {} } },
      },
      handle: () =>
        new Response("The tunnel speaks WebSocket, subprotocol laneway.v1.\n", {
          status: 426,
          headers: { upgrade: "websocket" },
        }),
    }),
  ];
}
