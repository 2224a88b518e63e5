import type { ComponentChildren } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import { announcer } from "../state/announcer.ts";
import { FormDialog, leaveToHeading, showDialog } from "./dialog.tsx";

/** Asks for confirmation before removing something. */
export function askBefore({
  title,
  submit,
  body,
  work,
  done,
}: {
  title: string;
  submit: string;
  /** The consequences, and fields for the confirmation. */
  body: ComponentChildren;
  work: (fields: FormData, signal: AbortSignal) => Promise<void>;
  /** The announcement after success. */
  done: string;
}) {
  const onSubmit = async (fields: FormData, signal: AbortSignal): Promise<undefined> => {
    await work(fields, signal);
    announcer.say(done);
    leaveToHeading();
  };
  showDialog(<FormDialog title={title} submit={submit} danger body={body} onSubmit={onSubmit} />);
}

/** A button in a table's row. Its full label names the row, for screen readers. */
export function RowButton({ label, full, onClick }: { label: string; full: string; onClick: () => void }) {
  return (
    <Button small label={full} onPress={onClick}>
      {label}
    </Button>
  );
}
