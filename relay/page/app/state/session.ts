import { signal } from "@preact/signals";
import type { Me } from "../../../../shared/api/resources/admin.ts";
import type { Problem } from "../api/problem.ts";
import { RelayApi } from "../api/relay-api.ts";

const KEY = "laneway.token";

/** Who is signed in. */
export interface Session {
  readonly api: RelayApi;
  readonly me: Me;
}

export const session = signal<Session | undefined>();

/** Why the session ended, where that was not asked for. */
export const ended = signal<Problem | undefined>();

/**
 * Signs in with an administrator's token, which stays in memory.
 *
 * @param remember keep it for this tab, so that it outlives a reload
 * @throws Problem where the relay refuses it, or does not answer
 */
export async function signIn(token: string, remember: boolean, aborted: AbortSignal) {
  const api = new RelayApi(token, (problem) => {
    if (session.value?.api !== api) return;
    signOut();
    ended.value = problem;
  });
  const me = await api.me(aborted);
  if (remember) keep(token);
  ended.value = undefined;
  session.value = { api, me };
}

export function signOut() {
  keep(undefined);
  session.value = undefined;
  ended.value = undefined;
}

/** The token that was kept for this tab, if one was. */
export function keptToken() {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(token: string | undefined) {
  try {
    if (token === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch {
    // Storage is off: the token goes with the page.
  }
}
