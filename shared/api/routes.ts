/**
 * The paths of the API that take and answer JSON, with the schemas of each method. The typed client is derived from it,
 * and test/relay/http/document.test.ts compares it with the relay's own document.
 */
import type { z } from "zod";
import { address, newAddress } from "./resources/address.ts";
import { admin, madeAdmin, me, newAdmin } from "./resources/admin.ts";
import { auditEntry, auditQuery, relayAuditEntry } from "./resources/audit.ts";
import { device } from "./resources/device.ts";
import { fdbEntry, newPin, pin } from "./resources/fdb.ts";
import { invite, inviteRevocation, madeInvite, newInvite } from "./resources/invite.ts";
import { limits, limitsChange, networkLimits, networkLimitsChange } from "./resources/limits.ts";
import { counter, group, neighbour, traceQuery, traceStep } from "./resources/live.ts";
import { network, networkChange, newNetwork } from "./resources/network.ts";
import { notice } from "./resources/notice.ts";
import { newPort, portView } from "./resources/port.ts";
import { madeSignIn, newSignIn } from "./resources/sign-in.ts";
import { newTenant, tenant } from "./resources/tenant.ts";
import { madeToken, newToken, token } from "./resources/token.ts";
import { usage } from "./resources/usage.ts";

export type Method = "get" | "post" | "patch" | "delete";

/** The request and answer of a path's method. Without `answer` and `row` the answer is empty. */
export interface Exchange {
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer?: z.ZodType;
  /** The schema of one row, if the answer is a list. */
  readonly row?: z.ZodType;
}

export const ROUTES = {
  "/v1/me": { get: { answer: me } },
  "/v1/sign-ins": { post: { body: newSignIn, answer: madeSignIn } },
  "/v1/audit": { get: { query: auditQuery, row: relayAuditEntry } },
  "/v1/tenants": { get: { row: tenant }, post: { body: newTenant, answer: tenant } },
  "/v1/tenants/{tenant}": { delete: {} },
  "/v1/tenants/{tenant}/networks": { get: { row: network }, post: { body: newNetwork, answer: network } },
  "/v1/tenants/{tenant}/networks/{network}": {
    get: { answer: network },
    patch: { body: networkChange, answer: network },
    delete: {},
  },
  "/v1/tenants/{tenant}/networks/{network}/fdb": {
    get: { row: fdbEntry },
    post: { body: newPin, answer: pin },
  },
  "/v1/tenants/{tenant}/networks/{network}/fdb/{mac}": { delete: {} },
  "/v1/tenants/{tenant}/networks/{network}/groups": { get: { row: group } },
  "/v1/tenants/{tenant}/networks/{network}/neighbours": { get: { row: neighbour } },
  "/v1/tenants/{tenant}/networks/{network}/counters": { get: { row: counter } },
  "/v1/tenants/{tenant}/networks/{network}/trace": { get: { query: traceQuery, row: traceStep } },
  "/v1/tenants/{tenant}/networks/{network}/ports": {
    get: { row: portView },
    post: { body: newPort, answer: portView },
  },
  "/v1/tenants/{tenant}/networks/{network}/ports/{port}": { get: { answer: portView }, delete: {} },
  "/v1/tenants/{tenant}/networks/{network}/addresses": {
    get: { row: address },
    post: { body: newAddress, answer: address },
  },
  "/v1/tenants/{tenant}/networks/{network}/addresses/{address}": { delete: {} },
  "/v1/tenants/{tenant}/networks/{network}/limits": {
    get: { answer: networkLimits },
    patch: { body: networkLimitsChange, answer: networkLimits },
  },
  "/v1/tenants/{tenant}/tokens": { get: { row: token }, post: { body: newToken, answer: madeToken } },
  "/v1/tenants/{tenant}/tokens/{token}": { delete: {} },
  "/v1/tenants/{tenant}/invites": { get: { row: invite }, post: { body: newInvite, answer: madeInvite } },
  "/v1/tenants/{tenant}/invites/{invite}": { delete: { query: inviteRevocation } },
  "/v1/tenants/{tenant}/devices": { get: { row: device } },
  "/v1/tenants/{tenant}/devices/{device}": { delete: {} },
  "/v1/tenants/{tenant}/admins": { get: { row: admin }, post: { body: newAdmin, answer: madeAdmin } },
  "/v1/tenants/{tenant}/admins/{admin}": { delete: {} },
  "/v1/tenants/{tenant}/limits": {
    get: { answer: limits },
    patch: { body: limitsChange, answer: limits },
  },
  "/v1/tenants/{tenant}/usage": { get: { answer: usage } },
  "/v1/tenants/{tenant}/notices": { get: { row: notice } },
  "/v1/tenants/{tenant}/audit": { get: { query: auditQuery, row: auditEntry } },
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<Method, Exchange>>>>>;
