import type { JSX } from "preact";
import { NetworkPicker } from "../../components/network-picker.tsx";
import { Page } from "../../components/page.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { DoctorCard } from "./doctor-card.tsx";
import { MemberTests } from "./member-tests.tsx";

/** Runs the ordered checks, and measurements to a member. */
export function DiagnosticsScreen(): JSX.Element {
  const { t } = useLocale();
  const network = useStore().chosen;
  return (
    <Page title={t.screens.diagnostics} lead={t.diagnostics.lead} actions={<NetworkPicker />}>
      <DoctorCard network={network} />
      {network === undefined ? null : <MemberTests key={network.id} network={network} />}
    </Page>
  );
}
