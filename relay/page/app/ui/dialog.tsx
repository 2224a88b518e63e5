import { signal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../../../shared/ui/button.tsx";
import { Dialog } from "../../../../shared/ui/dialog.tsx";
import { Form } from "../../../../shared/ui/form.tsx";
import { asProblem, type Problem } from "../api/problem.ts";
import { t } from "../state/text.ts";
import { ProblemBox } from "./problem-box.tsx";

/** The open dialog. */
const open = signal<VNode | undefined>();

/** @param content a {@link FormDialog} or {@link Notice} */
export function showDialog(content: VNode) {
  open.value = content;
}

/** Whether the focus moves to the screen's heading, because the button that opened the dialog is about to disappear. */
let toHeading = false;

/** Moves the focus to the screen's heading once the dialog is closed. */
export function leaveToHeading() {
  toHeading = true;
}

export function closeDialog() {
  open.value = undefined;
}

/** The place where dialogs appear. */
export function DialogHost() {
  const content = open.value;
  useLayoutEffect(() => {
    if (content !== undefined) return;
    if (toHeading) document.querySelector("h1")?.focus();
    toHeading = false;
  }, [content]);
  if (content === undefined) return null;
  return (
    <Dialog labelledBy="dialog-title" onClose={closeDialog}>
      {content}
    </Dialog>
  );
}

/** A form in a dialog: closes after success, and shows the problem after failure. */
export function FormDialog({
  title,
  submit,
  danger,
  body,
  onSubmit,
}: {
  title: string;
  submit: string;
  danger?: boolean;
  body: ComponentChildren;
  /** Resolves to the next content of the dialog, if any. */
  onSubmit: (fields: FormData, signal: AbortSignal) => Promise<VNode | undefined>;
}) {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);

  const submitted = async (fields: FormData) => {
    if (busy) return;
    setBusy(true);
    try {
      open.value = (await onSubmit(fields, abort.current.signal)) ?? undefined;
    } catch (error) {
      if (abort.current.signal.aborted) return;
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Form onSubmit={submitted}>
      <h2 id="dialog-title">{title}</h2>
      <div class="fields">
        {body}
        <ProblemBox problem={problem} />
      </div>
      <div class="dialog-actions">
        <Button onPress={closeDialog}>{t.value.cancel}</Button>
        <Button submit kind={danger ? "danger" : "primary"} disabled={busy}>
          {submit}
        </Button>
      </div>
    </Form>
  );
}

/** A text in a dialog. */
export function Notice({ title, body }: { title: string; body: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="form">
      <h2 ref={heading} id="dialog-title" tabIndex={-1}>
        {title}
      </h2>
      <div class="fields">{body}</div>
      <div class="dialog-actions">
        <Button kind="primary" onPress={closeDialog}>
          {t.value.done}
        </Button>
      </div>
    </div>
  );
}
