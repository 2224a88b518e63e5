import { t } from "../state/text.ts";
import { Notice } from "../ui/dialog.tsx";
import { Secret } from "../ui/secret.tsx";

/** Shows a new token once, because the relay stores only its hash. */
export function NewSecretNotice({ title, label, value }: { title: string; label: string; value: string }) {
  return <Notice title={title} body={[<p>{t.value.shownOnce}</p>, <Secret label={label} value={value} />]} />;
}
