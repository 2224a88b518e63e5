import { useEffect, useState } from "preact/hooks";
import { Toast } from "../../../../../shared/ui/toast.tsx";
import { asProblem } from "../../api/problem.ts";
import { announcer } from "../../state/announcer.ts";
import { ended, keptToken, linkCode, session, signIn, signOut, tokenFor } from "../../state/session.ts";
import { t } from "../../state/text.ts";
import { DialogHost } from "../../ui/dialog.tsx";
import { Frame } from "./frame.tsx";
import { SignIn } from "./sign-in.tsx";

/** Signs in by a link's code, or else by the token kept for this tab. */
async function restore(code: string | undefined, kept: string | undefined, aborted: AbortSignal) {
  try {
    const token = code === undefined ? kept : await tokenFor(code, aborted);
    if (token !== undefined) await signIn(token, true, aborted);
  } catch (error) {
    if (aborted.aborted) return;
    const problem = asProblem(error);
    if (code === undefined && problem.status !== 401) return;
    signOut();
    if (code !== undefined) ended.value = problem;
  }
}

/** The page: the sign-in form until the user has signed in. */
export function App() {
  const [code, setCode] = useState(linkCode);
  const [restoring, setRestoring] = useState(code !== undefined || keptToken() !== undefined);
  useEffect(() => {
    // A link that is opened in the page's own tab loads nothing.
    const follow = () => setCode((known) => linkCode() ?? known);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  useEffect(() => {
    const token = keptToken();
    if (code === undefined && token === undefined) return;
    const abort = new AbortController();
    setRestoring(true);
    restore(code, token, abort.signal).finally(() => setRestoring(false));
    return () => abort.abort();
  }, [code]);
  const signed = session.value;
  return (
    <div class="app">
      {restoring ? (
        <p class="empty" role="status">
          {t.value.loading}
        </p>
      ) : signed === undefined ? (
        <SignIn problem={ended.value} />
      ) : (
        <Frame session={signed} />
      )}
      <DialogHost />
      <Toast announcer={announcer} />
    </div>
  );
}
