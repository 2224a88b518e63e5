import { h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asProblem } from "../api/problem.js";
import { ended, keptToken, session, signIn, signOut } from "../state/session.js";
import { t } from "../text/text.js";
import { Announcer } from "../ui/announce.js";
import { DialogHost } from "../ui/dialog.js";
import { div, p } from "../ui/dom.js";
import { Frame } from "./frame.js";
import { SignIn } from "./sign-in.js";

/** The page: who is not signed in sees that first. */
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
  return div(
    { class: "app" },
    restoring
      ? p({ class: "empty", role: "status" }, t.value.loading)
      : signed === undefined
        ? h(SignIn, { problem: ended.value })
        : h(Frame, { session: signed }),
    h(DialogHost, null),
    h(Announcer, null),
  );
}
