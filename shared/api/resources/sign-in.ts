import { z } from "zod";
import { time } from "../fields.ts";

export const newSignIn = z.strictObject({}).meta({ id: "NewSignIn" });

export const signInCode = z
  .strictObject({ code: z.string().max(128).meta({ description: "The code of a link to sign in with." }) })
  .meta({ id: "SignInCode" });

export const signedIn = z
  .object({ token: z.string().meta({ description: "The relay's administrator's token." }) })
  .meta({ id: "SignedIn" });

export const madeSignIn = z
  .object({
    link: z.string().meta({ description: "Opens the operator's page, signed in; it works once." }),
    expires_at: time,
  })
  .meta({ id: "MadeSignIn" });

/** Returns the link that signs in to the page. The code is in the fragment, which browsers never send. */
export function signInLink(relay: string, code: string): string {
  return `${relay.replace(/\/+$/, "")}/#sign-in=${code}`;
}
