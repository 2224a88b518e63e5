import { useId, useRef } from "preact/hooks";
import { t } from "../text/text.js";
import { announce } from "./announce.js";
import { button, div, input, label } from "./dom.js";

/**
 * Something to be copied, which is shown this once.
 *
 * @param {{ label: string, value: string }} props
 */
export function Secret({ label: text, value }) {
  const id = useId();
  const ref = useRef(/** @type {HTMLInputElement | null} */ (null));
  const copy = async () => {
    // Absent where the page did not come by HTTPS: then it is selected, and copied the old way or by hand.
    if (navigator.clipboard !== undefined) await navigator.clipboard.writeText(value);
    else {
      ref.current?.select();
      if (!document.execCommand("copy")) return;
    }
    announce(t.value.copied);
  };
  return div(
    { class: "field" },
    label({ for: id }, text),
    div(
      { class: "copy" },
      input({
        ref,
        id,
        class: "mono",
        readOnly: true,
        autocomplete: "off",
        value,
        onFocus: (event) => event.currentTarget.select(),
      }),
      button({ type: "button", onClick: copy }, t.value.copy),
    ),
  );
}
