/** @import { ComponentChildren, VNode } from "preact" */
/** @import { Problem } from "../api/problem.js" */
/** @import { Signal } from "@preact/signals" */
import { signal } from "@preact/signals";
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem } from "../api/problem.js";
import { t } from "../text/text.js";
import { button, dialog, div, form, h2 } from "./dom.js";
import { ProblemBox } from "./problem-box.js";

/** The dialog that is open. @type {Signal<VNode | undefined>} */
const open = signal(undefined);

/** @param {VNode} content a {@link FormDialog} or {@link Notice} */
export function showDialog(content) {
  open.value = content;
}

/** Whether the focus goes to the screen's heading, as who opened the dialog is about to go. */
let toHeading = false;

/** Has the focus go to the screen's heading once the dialog is closed. */
export function leaveToHeading() {
  toHeading = true;
}

export function closeDialog() {
  open.value = undefined;
}

/** Where dialogs appear. The browser keeps the focus inside, and gives it back to who opened it. */
export function DialogHost() {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const content = open.value;
  useEffect(() => {
    const element = ref.current;
    if (content !== undefined) {
      if (!element?.open) element?.showModal();
      return;
    }
    element?.close();
    if (toHeading) document.querySelector("h1")?.focus();
    toHeading = false;
  }, [content]);
  return dialog({ ref, "aria-labelledby": "dialog-title", onClose: closeDialog }, content);
}

/**
 * A form in a dialog: closes when what it asked for is done, and says what went wrong where it is not.
 *
 * @param {object} props
 * @param {string} props.title
 * @param {string} props.submit
 * @param {boolean} [props.danger]
 * @param {ComponentChildren} props.body
 * @param {(fields: FormData, signal: AbortSignal) => Promise<VNode | undefined | void>} props.onSubmit resolves to
 *   what is shown next, if anything
 */
export function FormDialog({ title, submit, danger, body, onSubmit }) {
  const [problem, setProblem] = useState(/** @type {Problem | undefined} */ (undefined));
  const [busy, setBusy] = useState(false);
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);

  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const submitted = async (event) => {
    event.preventDefault();
    if (busy) return;
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    try {
      open.value = (await onSubmit(fields, abort.current.signal)) ?? undefined;
    } catch (error) {
      if (abort.current.signal.aborted) return;
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return form(
    { onSubmit: submitted },
    h2({ id: "dialog-title" }, title),
    div({ class: "fields" }, body, h(ProblemBox, { problem })),
    div(
      { class: "actions" },
      button({ type: "button", onClick: closeDialog }, t.value.cancel),
      button({ type: "submit", class: danger ? "danger" : "primary", "aria-disabled": busy }, submit),
    ),
  );
}

/**
 * Something to be read, in a dialog.
 *
 * @param {{ title: string, body: ComponentChildren }} props
 */
export function Notice({ title, body }) {
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  useEffect(() => heading.current?.focus(), []);
  return div(
    null,
    h2({ ref: heading, id: "dialog-title", tabIndex: -1 }, title),
    div({ class: "fields" }, body),
    div(
      { class: "actions" },
      button({ type: "button", class: "primary", onClick: closeDialog }, t.value.done),
    ),
  );
}
