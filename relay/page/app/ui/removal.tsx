import type { ComponentChildren } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import { announce } from "./announce.tsx";
import { FormDialog, leaveToHeading, showDialog } from "./dialog.tsx";

/** Asks before something is taken away. */
export function askBefore({
  title,
  submit,
  body,
  work,
  done,
}: {
  title: string;
  submit: string;
  /** What it means, and what is to be said to it. */
  body: ComponentChildren;
  work: (fields: FormData, signal: AbortSignal) => Promise<void>;
  /** Said when it is. */
  done: string;
}) {
  const onSubmit = async (fields: FormData, signal: AbortSignal): Promise<undefined> => {
    await work(fields, signal);
    announce(done);
    leaveToHeading();
  };
  showDialog(<FormDialog title={title} submit={submit} danger body={body} onSubmit={onSubmit} />);
}

/** What can be done to a row: in a word, and in full for who does not see which row it is in. */
export function RowButton({ label, full, onClick }: { label: string; full: string; onClick: () => void }) {
  return (
    <Button small label={full} onPress={onClick}>
      {label}
    </Button>
  );
}
