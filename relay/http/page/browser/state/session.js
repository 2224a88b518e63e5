/** @import { Me } from "../api/answers.ts" */
/** @import { Problem } from "../api/problem.js" */
/** @import { Signal } from "@preact/signals" */
import { signal } from "@preact/signals";
import { RelayApi } from "../api/relay-api.js";

const KEY = "laneway.token";

/**
 * Who is signed in.
 *
 * @typedef {object} Session
 * @property {RelayApi} api
 * @property {Me} me
 */

/** @type {Signal<Session | undefined>} */
export const session = signal(undefined);

/** Why the session ended, where that was not asked for. @type {Signal<Problem | undefined>} */
export const ended = signal(undefined);

/**
 * Signs in with an administrator's token, which stays in memory.
 *
 * @param {string} token
 * @param {boolean} remember keep it for this tab, so that it outlives a reload
 * @param {AbortSignal} aborted
 * @throws Problem where the relay refuses it, or does not answer
 */
export async function signIn(token, remember, aborted) {
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

/** @param {string | undefined} token */
function keep(token) {
  try {
    if (token === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch {
    // Storage is off: the token goes with the page.
  }
}
