import { signal } from "@preact/signals";
import type { Me } from "../../../../shared/api/resources/admin.ts";
import { type Problem, problemOf } from "../api/problem.ts";
import { RelayApi } from "../api/relay-api.ts";

const KEY = "laneway.token";

/** The session of a signed-in user. */
export interface Session {
  readonly api: RelayApi;
  readonly me: Me;
}

export const session = signal<Session | undefined>();

/** The reason why the session ended, unless the user ended it. */
export const ended = signal<Problem | undefined>();

/**
 * Signs in with an administrator's token, which stays in memory.
 *
 * @param remember also stores it for this tab, so that it survives a reload
 * @throws Problem if the relay refuses the token, or does not answer
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

/** Returns the code in the page's URL, if a link to sign in was opened, and removes it from there. */
export function linkCode() {
  const [, code] = /^#sign-in=([\w-]{1,128})$/.exec(location.hash) ?? [];
  if (code !== undefined) history.replaceState(null, "", "#/");
  return code;
}

/**
 * Exchanges the code of a link for the administrator's token.
 *
 * @throws Problem if it has been used, or is too old
 */
export async function tokenFor(code: string, aborted: AbortSignal) {
  const response = await fetch(new URL("v1/sign-in", document.baseURI), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code }),
    signal: aborted,
  });
  if (!response.ok) throw await problemOf(response, aborted);
  return ((await response.json()) as { token: string }).token;
}

/** Returns the token stored for this tab, if any. */
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
    // Storage is disabled, so the token is lost with the page.
  }
}
