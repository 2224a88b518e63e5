import type { JSX } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import { Command } from "../../components/copyable.tsx";
import { Page } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { agentProblem } from "../../state/store.ts";

/** Replaces a screen while the service is away: says why, and how to start it. */
export function ServiceScreen(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const { app } = store;
  const problem = app === undefined ? undefined : agentProblem(app.agent);
  if (app === undefined || problem === undefined) return <p class="center">{t.service.looking}</p>;
  // A system without our driver has no service to start.
  if (app.platform !== "linux") {
    const unsupported = { code: "tap.unsupported-platform", message: "", hint: "" };
    return (
      <Page title={t.screens.networks} class="service-panel">
        <ProblemCard problem={unsupported} mild alert={false} />
      </Page>
    );
  }
  const retry = <Button onPress={() => void store.retry()}>{t.common.tryAgain}</Button>;
  if (app.agent.state !== "absent") {
    return (
      <Page title={t.service[app.agent.state]} class="service-panel">
        <ProblemCard problem={problem}>{retry}</ProblemCard>
        <p class="muted">
          {t.service.socket} <code>{app.socket}</code>
        </p>
      </Page>
    );
  }
  return (
    <Page title={t.service.startTitle} lead={t.service.startLead} class="service-panel">
      <Command text={t.service.startCommand} what={t.service.startCommand} />
      <p>{t.service.startAfter}</p>
      <div class="row middle">
        {retry}
        <span class="muted">
          {t.service.socket} <code>{app.socket}</code>
        </span>
      </div>
    </Page>
  );
}
