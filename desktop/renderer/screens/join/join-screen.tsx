import type { JSX } from "preact";
import { Mark } from "../../../../shared/ui/icon.tsx";
import { Page } from "../../components/page.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { JoinForm } from "./join-form.tsx";

/** Joins a network: the first, which is what a new user sees, or another. */
export function JoinScreen(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  if (store.networks.list.value.length > 0) {
    return (
      <Page title={t.join.title} lead={t.join.lead} class="join">
        <JoinForm />
      </Page>
    );
  }
  return (
    <div class="join first page">
      <div class="join-mark">
        <Mark size={52} />
      </div>
      <Page title={t.join.firstTitle} lead={t.join.firstLead}>
        <JoinForm />
      </Page>
    </div>
  );
}
