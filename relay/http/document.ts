import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { type ApiEnv, TOKEN_HEADER } from "./kernel/access.ts";
import { type Operation, operation } from "./kernel/operation.ts";

const INFO = {
  title: "Laneway relay",
  version: "1",
  description: `The API that administers a relay and enrols devices.

Errors are problem details (RFC 9457) with a stable \`code\` and a \`hint\`. Besides the errors that an
operation lists, a path that does not exist gets 404 \`path.unknown\` (401 without a token). A tenant's administrator gets 403
\`admin.forbidden\` for paths outside its tenant, and 404 \`tenant.unknown\` for every other tenant.

Lists are paged: the header \`Link\` (RFC 8288) has the URL of the next page. Operations that create something accept an
\`Idempotency-Key\`.`,
  license: { name: "Apache-2.0", identifier: "Apache-2.0" },
};

const TAGS = [
  { name: "relay", description: "The relay as a whole." },
  { name: "enrolment", description: "How devices join by an invite." },
  { name: "tunnel", description: "The WebSocket that carries frames." },
  { name: "tenants", description: "Tenants are isolated from each other." },
  { name: "networks", description: "Segments and the settings of their hubs." },
  { name: "live", description: "The current state of a network." },
  { name: "ports", description: "Tunnels from a network to other VTEPs." },
  { name: "addresses", description: "The addresses that networks assign to devices." },
  { name: "tokens", description: "Access tokens, for scripts, gateways and labs." },
  { name: "invites", description: "Links that let devices in." },
  { name: "devices", description: "Machines enrolled by an invite." },
  { name: "administrators", description: "The administrators of tenants." },
  { name: "limits", description: "The limits of tenants and networks." },
  { name: "notices", description: "Events that a tenant's administrator should know about." },
  { name: "audit", description: "The log of administrators' changes." },
];

export interface DocumentOptions {
  /** The app whose operations the document describes. */
  readonly app: OpenAPIHono<ApiEnv>;
}

/**
 * Returns the operation that serves the OpenAPI document, which is generated from the schemas that validate requests.
 */
export function documentOperations({ app }: DocumentOptions): Operation[] {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description:
      "The token of the relay's administrator (`admin.token` in its data directory) or of a tenant's.",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "apiKey",
    in: "header",
    name: TOKEN_HEADER,
    description: "The same token, for use if a proxy in front of the relay uses Authorization itself.",
  });
  // Generated at the first request, when all operations are registered. Kept as text because serializing takes
  // milliseconds and anyone may ask. The server's URL is left open because it depends on the request.
  let made: readonly [before: string, after: string] | undefined;
  return [
    operation({
      id: "showDocument",
      tag: "relay",
      summary: "Show this document",
      method: "get",
      path: "/v1/openapi.json",
      audience: "anyone",
      answer: z.looseObject({ openapi: z.literal("3.1.0") }),
      handle({ context }) {
        made ??= documentText(app);
        const [before, after] = made;
        const text = `${before}${JSON.stringify(context.env.reachedAt.base)}${after}`;
        return context.body(text, 200, { "content-type": "application/json" });
      },
    }),
  ];
}

/** Returns the document's text before and after the URL of its server. */
function documentText(app: OpenAPIHono<ApiEnv>): readonly [before: string, after: string] {
  const servers = [{ url: "" }];
  const document = app.getOpenAPI31Document({ openapi: "3.1.0", servers, info: INFO, tags: TAGS });
  const text = JSON.stringify(document);
  const place = text.indexOf('"servers":[{"url":""}]') + '"servers":[{"url":'.length;
  return [text.slice(0, place), text.slice(place + 2)];
}
