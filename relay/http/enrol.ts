import { Hono } from "hono";
import { z } from "zod";
import { Fault } from "../../shared/fault.ts";
import type { GuessLimiter } from "../guess-limiter.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { ApiEnv } from "./access.ts";
import { body } from "./body.ts";
import { rateLimited } from "./problem.ts";

const text = z.string().max(256);

const request = z.object({
  tenant: text,
  invite: text,
  // Other people read it in terminals.
  name: z
    .string()
    .max(64)
    .regex(/^(?=.*\S)[^\p{C}\p{Zl}\p{Zp}]+$/u, "something to read, without control characters"),
  public_key: text,
  proof: text,
});

/** What whoever tries invites, or proofs, is told. */
const GUESSED: ReadonlySet<string> = new Set(["invite.refused", "enrol.bad-proof"]);

export interface EnrolOptions {
  readonly tenants: Tenants;
  readonly guesses: GuessLimiter;
  /** Where clients reach the relay; by default where a request says that it is. */
  readonly publicUrl: URL | undefined;
}

/** `POST /v1/enrol`: where a device comes in by an invite, and nothing else is asked of it. */
export function enrolApi({ tenants, guesses, publicUrl }: EnrolOptions): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  api.post("/enrol", async (context) => {
    // The secret is in the body: what is wrong with that is not to be quoted.
    const { tenant, invite, name, public_key, proof } = await body(context, request, { quote: false });
    const origin = publicUrl?.origin ?? new URL(context.req.url).origin;
    try {
      const enrolled = await tenants.enrolment.enrol(
        { tenant, secret: invite, name, publicKey: public_key, proof },
        origin,
        context.env.address,
      );
      const networks = enrolled.networks.map(({ name, vni }) => ({ name, vni }));
      return context.json({ device: enrolled.device.id, tenant, name: enrolled.device.name, networks }, 201);
    } catch (error) {
      if (!(error instanceof Fault && GUESSED.has(error.code))) throw error;
      const wait = guesses.wrong(context.env.address);
      if (wait === undefined) throw error;
      return rateLimited(wait);
    }
  });
  return api;
}
