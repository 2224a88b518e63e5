import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../../../../shared/ui/button.tsx";
import { CheckField, TextField } from "../../../../../shared/ui/field.tsx";
import { Form, written } from "../../../../../shared/ui/form.tsx";
import { Mark } from "../../../../../shared/ui/icon.tsx";
import { asProblem, type Problem } from "../../api/problem.ts";
import { signIn } from "../../state/session.ts";
import { t } from "../../state/text.ts";
import { ProblemBox } from "../../ui/problem-box.tsx";
import { Preferences } from "./preferences.tsx";

/** @param props why the last session ended */
export function SignIn({ problem: first }: { problem: Problem | undefined }) {
  const text = t.value.signIn;
  const [problem, setProblem] = useState(first);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const abort = useRef(new AbortController());
  useEffect(() => {
    document.title = `${text.title} – Laneway`;
  }, [text]);
  useEffect(() => {
    field.current?.focus();
    return () => abort.current.abort();
  }, []);

  const submitted = async (fields: FormData) => {
    const token = written(fields, "token");
    if (busy || token === undefined) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await signIn(token, fields.has("remember"), abort.current.signal);
    } catch (error) {
      if (abort.current.signal.aborted) return;
      setBusy(false);
      setProblem(asProblem(error));
      field.current?.select();
    }
  };
  return (
    <div class="sign-in">
      <main class="card">
        <div class="brand">
          <Mark size={26} />
          Laneway
        </div>
        <h1>{text.title}</h1>
        <Form onSubmit={submitted}>
          <TextField
            label={text.token}
            hint={text.tokenHint}
            inputRef={field}
            name="token"
            type="password"
            required
            class="mono"
          />
          <CheckField label={text.remember} name="remember" hint={text.rememberHint} />
          <ProblemBox problem={problem} />
          <Button submit kind="primary" disabled={busy}>
            {text.submit}
          </Button>
        </Form>
        <p class="hint">
          {text.where} <code>admin.token</code>
        </p>
      </main>
      <footer>
        <Preferences />
      </footer>
    </div>
  );
}
