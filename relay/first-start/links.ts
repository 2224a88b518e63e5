import { formatInviteLink } from "../../shared/api/invite-link.ts";
import { signInLink } from "../../shared/api/resources/sign-in.ts";
import { RELAY } from "../model/model.ts";
import { FIRST, type Tenants } from "../tenants/tenants.ts";
import type { SignIns } from "./sign-ins.ts";

/** Devices that the first invite lets in. */
const USES = 20;

/** What a relay shows at its first start. */
export interface FirstLinks {
  /** The invite onto the first network. */
  readonly invite: string;
  /** The link that signs in to the page once. */
  readonly signIn: string;
}

/**
 * Makes the links that a new relay shows.
 *
 * @param base the URL at which others reach the relay, without a trailing slash
 */
export async function firstLinks(tenants: Tenants, signIns: SignIns, base: string): Promise<FirstLinks> {
  const { tenant, network } = FIRST;
  const { secret } = await tenants.invites.create(tenant, { network, uses: USES }, RELAY);
  const { code } = await signIns.create();
  return {
    invite: formatInviteLink({ relay: base, tenant, secret }),
    signIn: signInLink(base, code),
  };
}
