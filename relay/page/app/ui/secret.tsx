import { useId, useRef } from "preact/hooks";
import { Button } from "../../../../shared/ui/button.tsx";
import { t } from "../state/text.ts";
import { announce } from "./announce.tsx";

/** Something to be copied, which is shown this once. */
export function Secret({ label: text, value }: { label: string; value: string }) {
  const id = useId();
  const ref = useRef<HTMLInputElement>(null);
  const copy = async () => {
    // Absent where the page did not come by HTTPS: then it is selected, and copied the old way or by hand.
    if (navigator.clipboard !== undefined) await navigator.clipboard.writeText(value);
    else {
      ref.current?.select();
      if (!document.execCommand("copy")) return;
    }
    announce(t.value.copied);
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
