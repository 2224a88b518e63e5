import {
  madeSignIn,
  newSignIn,
  signedIn,
  signInCode,
  signInLink,
} from "../../../shared/api/resources/sign-in.ts";
import type { GuessLimiter } from "../../arrivals/guess-limiter.ts";
import type { SignIns } from "../../first-start/sign-ins.ts";
import { RELAY } from "../../model/model.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import { isoTime } from "../kernel/iso-time.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { problemResponse, rateLimited } from "../kernel/problem.ts";

const tag = "administrators";

/** Returns `POST /v1/sign-ins`, which makes a link that signs the relay's administrator in to the page. */
export function signInLinkOperations({
  signIns,
  tenants,
}: {
  readonly signIns: SignIns;
  readonly tenants: Tenants;
}): Operation[] {
  return [
    operation({
      id: "createSignIn",
      tag,
      summary: "Make a link that opens the operator's page, signed in",
      description: "The link works once, within an hour, and until the relay restarts.",
      method: "post",
      path: "/v1/sign-ins",
      audience: "relay-administrator",
      body: newSignIn,
      creates: true,
      answer: madeSignIn,
      async handle({ context }) {
        const { code, expiresAt } = await signIns.create();
        tenants.audit.note({
          tenant: undefined,
          by: context.var.by,
          action: "sign-in.create",
          object: "relay-admin",
        });
        return {
          link: signInLink(context.env.reachedAt.base, code),
          expires_at: isoTime(expiresAt),
        };
      },
    }),
  ];
}

/** Returns `POST /v1/sign-in`, which the page calls with a link's code. */
export function signInOperations({
  signIns,
  tenants,
  guesses,
}: {
  readonly signIns: SignIns;
  readonly tenants: Tenants;
  readonly guesses: GuessLimiter;
}): Operation[] {
  return [
    operation({
      id: "signIn",
      tag,
      summary: "Exchange a link's code for the administrator's token",
      method: "post",
      path: "/v1/sign-in",
      audience: "anyone",
      body: signInCode,
      quote: false,
      answer: signedIn,
      errors: { 403: ["sign-in.refused"], 429: ["rate.limited"] },
      async handle({ body, context }) {
        const { address } = context.env;
        const token = await signIns.take(body.code);
        if (token === undefined) {
          const wait = guesses.wrong(address);
          return wait === undefined ? refusal() : rateLimited(wait);
        }
        tenants.audit.note({
          tenant: undefined,
          by: { ...RELAY, from: address, request: context.var.requestId },
          action: "sign-in.use",
          object: "relay-admin",
        });
        return { token };
      },
    }),
  ];
}

function refusal(): Response {
  return problemResponse(
    403,
    "sign-in.refused",
    "this link has been used, or is too old",
    "Make another with 'laneway sign-in', or sign in with the administrator's token.",
  );
}
