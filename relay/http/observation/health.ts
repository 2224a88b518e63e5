import { z } from "zod";
import { Fault } from "../../../shared/values/fault.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import { type Operation, operation } from "../kernel/operation.ts";

const tag = "relay";

const health = z.object({ status: z.string() }).meta({ id: "Health" });

const TUNNEL = `A WebSocket of subprotocol \`laneway.v1\`, which docs/protocol.md tells of.

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
      summary: "Tell that the relay runs",
      method: "get",
      path: "/healthz",
      audience: "anyone",
      answer: health,
      handle: () => ({ status: "ok" }),
    }),
    operation({
      id: "showReadiness",
      tag,
      summary: "Tell whether the relay can serve",
      method: "get",
      path: "/readyz",
      audience: "anyone",
      responses: {
        200: { description: "It can.", content: { "application/json": { schema: health } } },
        503: {
          description: "It can't; the status says why. Frames go on, changes are refused.",
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
        101: { description: "It speaks WebSocket from here on." },
        426: { description: "What was asked was no WebSocket.", content: { "text/plain": {} } },
      },
      handle: () =>
        new Response("The tunnel speaks WebSocket, subprotocol laneway.v1.\n", {
          status: 426,
          headers: { upgrade: "websocket" },
        }),
    }),
  ];
}
