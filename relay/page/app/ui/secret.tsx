import { useId, useRef } from "preact/hooks";
import { Button } from "../../../../shared/ui/button.tsx";
import { announcer } from "../state/announcer.ts";
import { t } from "../state/text.ts";

/** A secret to copy, which is shown only once. */
export function Secret({ label: text, value }: { label: string; value: string }) {
  const id = useId();
  const ref = useRef<HTMLInputElement>(null);
  const copy = async () => {
    // The clipboard exists only over HTTPS: without it, selects the secret and copies it the old way or leaves it to
    // the user.
    if (navigator.clipboard !== undefined) await navigator.clipboard.writeText(value);
    else {
      ref.current?.select();
      if (!document.execCommand("copy")) return;
    }
    announcer.say(t.value.copied);
  };
  return (
    <div class="field">
      <label for={id}>{text}</label>
      <div class="copy">
        <input
          ref={ref}
          id={id}
          class="input mono"
          readOnly
          autocomplete="off"
          value={value}
          onFocus={(event) => event.currentTarget.select()}
        />
        <Button onPress={copy}>{t.value.copy}</Button>
      </div>
    </div>
  );
}
