import { createRoute, type OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { PathParameters } from "../../../shared/api/path.ts";
import { problem } from "../../../shared/api/problem.ts";
import { type ApiEnv, demandRelayAdmin } from "./access.ts";
import { IDEMPOTENCY_HEADERS, type Idempotency, type Once } from "./idempotency.ts";
import { pathParameters } from "./path-parameters.ts";
import { PROBLEM_TYPE, type ProblemStatus, titleOf } from "./problem.ts";
import { validated } from "./validated.ts";

/** The callers of an operation. `administrator` includes a tenant's administrator for paths of its own tenant. */
export type Audience = "anyone" | "administrator" | "relay-administrator";

/** Error codes by HTTP status. */
export type Errors = Readonly<Partial<Record<ProblemStatus, readonly string[]>>>;

/** A validated request. */
export interface Asked<Path extends string, Query, Body> {
  readonly params: PathParameters<Path>;
  readonly query: Query;
  readonly body: Body;
  readonly context: Context<ApiEnv>;
}

/** The definition of an operation: its behaviour and its part of the API's document. */
export interface Definition<
  Path extends string,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  /** Its `operationId`. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly method: "get" | "post" | "patch" | "delete";
  /** The path, with parameters in braces. */
  readonly path: Path;
  readonly audience?: Audience;
  readonly query?: Query;
  readonly body?: Body;
  /** Whether an error may quote the request's invalid values; false if they may be secret. Default true. */
  readonly quote?: boolean;
  /** Whether it creates something: answers 201, and only once for each `Idempotency-Key`. */
  readonly creates?: boolean;
  /** The schema of its JSON answer; without it the answer is 204. */
  readonly answer?: Answer;
  /** Successful responses that are not only this JSON. */
  readonly responses?: RouteConfig["responses"];
  /** Headers of a successful response. */
  readonly headers?: z.ZodObject;
  /** Errors besides those that every operation like this has. */
  readonly errors?: Errors;
  /** @returns a value that matches the answer's schema, or a whole response */
  handle(
    asked: Asked<Path, z.output<Query>, z.output<Body>>,
  ): z.input<Answer> | Response | Promise<z.input<Answer> | Response>;
}

/** An operation of the API. Its validation, types and description come from the same schemas. */
export interface Operation {
  readonly route: RouteConfig & { getRoutingPath(): string };
  readonly creates: boolean;
  answer(context: Context<ApiEnv>): Promise<Response>;
}

type NoQuery = z.ZodObject<Record<never, z.ZodType>>;

/** Creates an operation from its definition. */
export function operation<
  Path extends string,
  Query extends z.ZodType = NoQuery,
  Body extends z.ZodType = z.ZodUndefined,
  Answer extends z.ZodType = z.ZodVoid,
>(definition: Definition<Path, Query, Body, Answer>): Operation {
  const { query, body, quote = true, creates = false, audience = "administrator", handle } = definition;
  return {
    route: routeOf(definition),
    creates,
    async answer(context) {
      if (audience === "relay-administrator") demandRelayAdmin(context);
      const json: unknown = body && (await context.req.json().catch(() => undefined));
      const answer = await handle({
        // Safe because the router matches only paths with all parameters.
        params: context.req.param() as PathParameters<Path>,
        query: (query && validated(context.req.query(), query)) as z.output<Query>,
        body: (body && validated(json, body, { quote })) as z.output<Body>,
        context,
      });
      if (answer instanceof Response) return answer;
      if (answer === undefined) return context.body(null, 204);
      return context.json(answer, creates ? 201 : 200);
    },
  };
}

/** Registers operations with an app and its document. */
export function mount(
  app: OpenAPIHono<ApiEnv>,
  operations: readonly Operation[],
  idempotency: Idempotency,
): void {
  for (const { route, creates, answer } of operations) {
    app.openAPIRegistry.registerPath(route);
    app.on(route.method, route.getRoutingPath(), async (context) => {
      const once = creates && (await onceOf(context));
      return once ? await idempotency.once(once, () => answer(context)) : await answer(context);
    });
  }
}

async function onceOf(context: Context<ApiEnv>): Promise<Once | undefined> {
  const key = context.req.header("idempotency-key");
  const { by, secret, tenantOnly } = context.var;
  // Without an authenticated administrator, the key has no owner.
  if (key === undefined || by === undefined) return undefined;
  const { method, path } = context.req;
  const administrator = by.name;
  return {
    tenant: tenantOnly,
    administrator,
    secret,
    key,
    request: `${method} ${path}\n${await context.req.text()}`,
  };
}

function routeOf<
  Path extends string,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(definition: Definition<Path, Query, Body, Answer>): Operation["route"] {
  const { id, tag, summary, description, method, path, query, body, creates, headers } = definition;
  const params = pathParameters(path);
  return createRoute({
    method,
    path,
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: definition.audience === "anyone" ? [] : [{ bearer: [] }, { token: [] }],
    request: {
      ...(params === undefined ? {} : { params }),
      ...(query instanceof z.ZodObject ? { query } : {}),
      ...(creates === true ? { headers: IDEMPOTENCY_HEADERS } : {}),
      ...(body === undefined
        ? {}
        : { body: { required: true, content: { "application/json": { schema: body } } } }),
    },
    responses: {
      ...(definition.responses ?? success(definition.answer, creates === true, headers)),
      ...problems(definition),
    },
  });
}

function success(
  answer: z.ZodType | undefined,
  creates: boolean,
  headers: z.ZodObject | undefined,
): RouteConfig["responses"] {
  if (answer === undefined) return { 204: { description: "Done." } };
  const content = { "application/json": { schema: answer } };
  const description = creates ? "The created object." : "The requested data.";
  return { [creates ? 201 : 200]: { description, content, ...(headers === undefined ? {} : { headers }) } };
}

function problems<
  Path extends string,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(definition: Definition<Path, Query, Body, Answer>): RouteConfig["responses"] {
  const codes = new Map<number, string[]>();
  const add = (status: ProblemStatus, ...more: readonly string[]) =>
    codes.set(status, [...(codes.get(status) ?? []), ...more]);
  const { audience = "administrator", method, path, query, body, creates, errors = {} } = definition;
  if (query !== undefined || body !== undefined) add(400, "request.invalid");
  if (body !== undefined) add(413, "request.too-big");
  if (audience !== "anyone") {
    add(401, "admin.refused");
    add(429, "rate.limited");
    add(503, "store.failed");
    if (method !== "get") add(507, "store.full");
  }
  if (audience === "relay-administrator") add(403, "admin.forbidden");
  for (const parent of ["tenant", "network"]) if (path.includes(`{${parent}}`)) add(404, `${parent}.unknown`);
  if (creates === true) {
    add(409, "idempotency.in-flight");
    add(422, "idempotency.mismatch");
  }
  for (const [status, more = []] of Object.entries(errors)) add(Number(status) as ProblemStatus, ...more);
  add(500, "internal");
  return Object.fromEntries([...codes].map(([status, list]) => [status, problemOf(status, list)]));
}

function problemOf(status: number, codes: readonly string[]): RouteConfig["responses"][string] {
  const description = `${titleOf(status as ProblemStatus)}: ${[...new Set(codes)].map((code) => `\`${code}\``).join(", ")}.`;
  return {
    description,
    content: { [PROBLEM_TYPE]: { schema: problem } },
    ...(RETRIED.has(status) ? { headers: RETRY_AFTER } : {}),
  };
}

/** Statuses whose responses have a Retry-After header. */
const RETRIED: ReadonlySet<number> = new Set([429, 503, 507]);

const RETRY_AFTER = z.object({
  "Retry-After": z.string().optional().meta({ description: "Seconds after which to try again." }),
});
