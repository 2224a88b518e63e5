import { h } from "preact";
import { t } from "../text/text.js";
import { Notice } from "../ui/dialog.js";
import { p } from "../ui/dom.js";
import { Secret } from "../ui/secret.js";

/**
 * A token that was made: the relay keeps no more than its hash.
 *
 * @param {{ title: string, label: string, value: string }} props
 */
export function NewSecretNotice({ title, label, value }) {
  return h(Notice, { title, body: [p(null, t.value.shownOnce), h(Secret, { label, value })] });
}
