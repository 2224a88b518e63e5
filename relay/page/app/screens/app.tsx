import { useEffect, useState } from "preact/hooks";
import { Toast } from "../../../../shared/ui/toast.tsx";
import { asProblem } from "../api/problem.ts";
import { announcer } from "../state/announcer.ts";
import { ended, keptToken, session, signIn, signOut } from "../state/session.ts";
import { t } from "../state/text.ts";
import { DialogHost } from "../ui/dialog.tsx";
import { Frame } from "./frame.tsx";
import { SignIn } from "./sign-in.tsx";

/** The page: the sign-in form until the user has signed in. */
export function App() {
  const [restoring, setRestoring] = useState(keptToken() !== undefined);
  useEffect(() => {
    const token = keptToken();
    if (token === undefined) return;
    const abort = new AbortController();
    signIn(token, true, abort.signal)
      .catch((error) => {
        if (asProblem(error).status === 401) signOut();
      })
      .finally(() => setRestoring(false));
    return () => abort.abort();
  }, []);
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
