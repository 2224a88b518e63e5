import type { JSX } from "preact";
import { Icon } from "../../../shared/ui/icon.tsx";
import { useLocale, useStore } from "../state/context.ts";

/** Copies `text` on a click. `what` names the text for screen readers. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const name = t.common.copyWhat(what);
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={name}
      title={name}
      onClick={() => void store.copy(text)}
    >
      <Icon name="copy" />
    </button>
  );
}

/** A text to read and to copy, such as an address. */
export function Copyable({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  return (
    <span class="copyable">
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </span>
  );
}

/** A command for a terminal. */
export function Command({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  return (
    <div class="command">
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </div>
  );
}
