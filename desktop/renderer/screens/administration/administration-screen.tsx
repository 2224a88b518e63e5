import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Problem } from "../../../rpc/shapes.ts";
import { Page } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { CreateCard } from "./create-card.tsx";
import { InviteCard } from "./invite-card.tsx";
import { RelaysCard } from "./relays-card.tsx";

/** Creates networks and invites, on relays for which the service has an administrator's token. */
export function AdministrationScreen(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const relays = useSignal<readonly string[] | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);

  async function read(): Promise<void> {
    const answer = await store.bridge.call("admin.list", {});
    if (answer.ok) relays.value = answer.result.relays.map(({ relay }) => relay);
    problem.value = answer.ok ? undefined : answer.error;
  }
  useEffect(() => {
    if (store.mayChange) void read();
  }, []);

  const list = relays.value;
  return (
    <Page title={t.screens.administration} lead={t.administration.lead}>
      {problem.value === undefined ? null : <ProblemCard problem={problem.value} />}
      <RelaysCard relays={list ?? []} onChange={() => void read()} />
      {list === undefined || list.length === 0 ? null : (
        <div class="two">
          <CreateCard relays={list} />
          <InviteCard relays={list} />
        </div>
      )}
    </Page>
  );
}
