/** @import { Problem } from "../api/problem.js" */
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem } from "../api/problem.js";
import { signIn } from "../state/session.js";
import { t } from "../text/text.js";
import { button, code, div, footer, form, h1, main, p } from "../ui/dom.js";
import { CheckField, TextField, written } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { ProblemBox } from "../ui/problem-box.js";
import { Preferences } from "./preferences.js";

/**
 * @param {{ problem: Problem | undefined }} props why the last session ended
 */
export function SignIn({ problem: first }) {
  const text = t.value.signIn;
  const [problem, setProblem] = useState(first);
  const [busy, setBusy] = useState(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const abort = useRef(new AbortController());
  useEffect(() => {
    document.title = `${text.title} – Laneway`;
  }, [text]);
  useEffect(() => {
    field.current?.focus();
    return () => abort.current.abort();
  }, []);

  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const submitted = async (event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
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
  return div(
    { class: "sign-in" },
    main(
      { class: "card" },
      div({ class: "brand" }, h(Icon, { name: "brand" }), "Laneway"),
      h1(null, text.title),
      form(
        { onSubmit: submitted },
        h(TextField, {
          label: text.token,
          hint: text.tokenHint,
          input: { ref: field, name: "token", type: "password", required: true, class: "mono" },
        }),
        h(CheckField, { label: text.remember, name: "remember", hint: text.rememberHint }),
        h(ProblemBox, { problem }),
        button({ type: "submit", class: "primary wide", "aria-disabled": busy }, text.submit),
      ),
      p({ class: "hint" }, text.where, " ", code(null, "admin.token")),
    ),
    footer(null, h(Preferences, null)),
  );
}
