import { type Enrolled, enrolled, enrolment } from "../../../shared/api/resources/enrolment.ts";
import { Fault } from "../../../shared/values/fault.ts";
import type { GuessLimiter } from "../../arrivals/guess-limiter.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { rateLimited } from "../kernel/problem.ts";

const DESCRIPTION = `Enrols a device by an invite and the device's own key. No other credentials are needed.

An invite is a link, \`<relay>/join#v1.<tenant>.<secret>\` (or \`laneway://<host>/join#…\`, which is https), where \`<relay>\` is the
base URL of this document's paths. The secret is 32 bytes in base64url without padding, which is 43 characters.

1. Make an Ed25519 key pair (RFC 8032), and keep it. Public keys of small order, and encodings that are not canonical, are refused.
2. Sign the UTF-8 bytes of these five lines, joined by line feeds (\`\\n\`), without one at the end:
   - \`laneway.enrol.v1\`
   - the relay's origin as it is reached: \`https://relay.example\`, with the port where it is not the scheme's own, without a path
   - the tenant
   - SHA-256 of the secret's text as it is in the link (its 43 characters, not decoded), as 32 bytes in base64url without padding
   - \`public_key\`, as it is in the body
3. Send the body; \`proof\` is the signature.

The same key with the same invite is the same device and uses the invite once, so that this can be asked again after a lost
answer. With another invite of the tenant the device comes onto that network too.

From then on the device connects to \`/v1/tunnel\` (docs/protocol.md), and answers the challenge there with
\`{"method":"device","device":"<id>","signature":"<base64url>"}\`: the same key's signature of these four lines, joined in the same way:
\`laneway.v1\`, the relay's origin as it is reached, the challenge's \`nonce\` as it came, the device's id.`;

/** Error codes of refused invites and proofs, which count as guesses. */
const GUESSED: ReadonlySet<string> = new Set(["invite.refused", "enrol.bad-proof"]);

export interface EnrolOptions {
  readonly tenants: Tenants;
  readonly guesses: GuessLimiter;
}

/** Returns `POST /v1/enrol`, which enrols a device by an invite and needs no other credentials. */
export function enrolOperations({ tenants, guesses }: EnrolOptions): Operation[] {
  return [
    operation({
      id: "enrol",
      tag: "enrolment",
      summary: "Enrol a device",
      description: DESCRIPTION,
      method: "post",
      path: "/v1/enrol",
      audience: "anyone",
      body: enrolment,
      // The body contains the invite's secret.
      quote: false,
      responses: {
        201: {
          description: "The device and its networks.",
          content: { "application/json": { schema: enrolled } },
        },
      },
      errors: {
        400: ["enrol.bad-key"],
        403: [
          "invite.refused",
          "invite.expired",
          "invite.used-up",
          "invite.revoked",
          "enrol.bad-proof",
          "enrol.device-revoked",
        ],
        409: ["limit.devices", "limit.network-devices"],
        429: ["rate.limited"],
        503: ["store.failed"],
        507: ["store.full"],
      },
      async handle({ body, context }) {
        const { tenant, invite, name, public_key, proof } = body;
        try {
          const { device, networks } = await tenants.enrolment.enrol(
            { tenant, secret: invite, name, publicKey: public_key, proof },
            context.env.reachedAt.origin,
            { from: context.env.address, request: context.var.requestId },
          );
          const answer: Enrolled = {
            device: device.id,
            tenant,
            name: device.name,
            networks: networks.map(({ name, vni }) => ({ name, vni })),
          };
          return context.json(answer, 201);
        } catch (error) {
          if (!(error instanceof Fault && GUESSED.has(error.code))) throw error;
          const wait = guesses.wrong(context.env.address);
          if (wait === undefined) throw error;
          return rateLimited(wait);
        }
      },
    }),
  ];
}
