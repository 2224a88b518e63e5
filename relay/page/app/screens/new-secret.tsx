import { t } from "../state/text.ts";
import { Notice } from "../ui/dialog.tsx";
import { Secret } from "../ui/secret.tsx";

/** A token that was made: the relay keeps no more than its hash. */
export function NewSecretNotice({ title, label, value }: { title: string; label: string; value: string }) {
  return <Notice title={title} body={[<p>{t.value.shownOnce}</p>, <Secret label={label} value={value} />]} />;
}
