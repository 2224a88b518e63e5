import type { Context, MiddlewareHandler } from "hono";
import { Fault } from "../../../shared/values/fault.ts";
import type { GuessLimiter } from "../../arrivals/guess-limiter.ts";
import { hashSecret } from "../../crypto/secret.ts";
import type { Hub } from "../../hub/hub.ts";
import { REQUEST_WORK } from "../../hub/load/turns.ts";
import { unknown } from "../../model/faults.ts";
import type { Actor, Admin } from "../../model/model.ts";
import type { ReachedAt } from "../../origin.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import { problemResponse, rateLimited } from "./problem.ts";

/** The context of a request, as handlers of the API see it. */
export interface ApiEnv {
  readonly Bindings: {
    /** The client's address. */
    readonly address: string;
    /** Whether the connection comes from a trusted proxy. */
    readonly fromProxy: boolean;
    /** The URL at which the request reached the relay. */
    readonly reachedAt: ReachedAt;
    /** Called once the request has shown valid credentials. */
    letIn(): void;
    /** Called while a long answer is read, so that the connection is not taken for an idle one. */
    heard(): void;
  };
  readonly Variables: {
    /** The request's id, in its response and in the log. */
    readonly requestId: string;
    /** The caller, as the audit log names it. */
    readonly by: Actor;
    /** The caller's token. */
    readonly secret: string;
    /** The caller, if it administers a single tenant. */
    readonly admin: Admin | undefined;
    /** The only tenant that the caller administers; undefined for the relay's administrator, who has access to all. */
    readonly tenantOnly: string | undefined;
  };
}

export interface AccessOptions {
  readonly hub: Hub;
  readonly tenants: Tenants;
  /** SHA-256 of the relay administrator's token, hexadecimal. */
  readonly adminHash: string;
  readonly guesses: GuessLimiter;
}

/**
 * Authenticates administrators, and limits each to its own tenant. A tenant's administrator gets the same answer for
 * every other tenant, whether it exists or not.
 */
export function access({ tenants, hub, adminHash, guesses }: AccessOptions): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const secret = bearer(context.req.header("authorization")) ?? context.req.header(TOKEN_HEADER);
    const from = context.env.address;
    const hash = secret === undefined ? undefined : await hashSecret(secret);
    if (secret !== undefined) context.set("secret", secret);
    if (hash === adminHash) {
      context.env.letIn();
      context.set("by", { name: "relay-admin", from, request: context.var.requestId });
      return await next();
    }
    const admin = hash === undefined ? undefined : tenants.admins.authenticate(hash);
    if (admin === undefined) return refusal(secret ? guesses.wrong(from) : undefined);
    context.env.letIn();
    demandOwn(context.req.method, context.req.path, admin.tenant);
    context.set("by", { name: `tenant-admin ${admin.id}`, from, request: context.var.requestId });
    context.set("admin", admin);
    context.set("tenantOnly", admin.tenant);
    await hub.loadOf(admin.tenant).turn.waitFor(REQUEST_WORK);
    return await next();
  };
}

/** @throws Fault `admin.forbidden` unless the caller is the relay's administrator */
export function demandRelayAdmin(context: Context<ApiEnv>): void {
  if (context.var.tenantOnly !== undefined) throw forbidden();
}

/**
 * The header for the token if a proxy in front of the relay uses Authorization itself, for example for a password. If
 * both headers hold a token, Authorization takes precedence.
 */
export const TOKEN_HEADER = "x-laneway-token";

/** Returns the token after `Bearer` in an Authorization header; undefined if it is absent or of another scheme. */
export function bearer(header: string | undefined): string | undefined {
  const match = /^Bearer(?: +(.*))?$/i.exec(header?.trim() ?? "");
  return match === null ? undefined : (match[1] ?? "");
}

function refusal(wait: number | undefined): Response {
  if (wait !== undefined) return rateLimited(wait);
  const response = problemResponse(
    401,
    "admin.refused",
    "the administrator's token is missing or wrong",
    "Name its file with --admin-token-file, or set LANEWAY_ADMIN_TOKEN.",
  );
  response.headers.set("www-authenticate", "Bearer");
  return response;
}

/** Paths open to every administrator: the list of tenants contains only the caller's own. */
const OPEN: ReadonlySet<string> = new Set(["/v1/tenants", "/v1/me"]);

/** Restricts a tenant's administrator to the paths of its own tenant and to {@link OPEN}. */
function demandOwn(method: string, path: string, own: string): void {
  const [, tenant, below] = /^\/v1\/tenants\/([^/]*)(\/.*)?$/.exec(path) ?? [];
  if (tenant !== undefined && tenant !== own) throw unknown("tenant", decoded(tenant));
  if (tenant === own && below !== undefined) return;
  if (method === "GET" && OPEN.has(path)) return;
  throw forbidden();
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function forbidden(): Fault {
  return new Fault({
    code: "admin.forbidden",
    message: "only the relay's administrator may do that",
    hint: "Use the token in admin.token of the relay's data directory.",
  });
}
