import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { Button } from "../../../../shared/ui/button.tsx";
import { SelectField } from "../../../../shared/ui/field.tsx";
import { Switch } from "../../../../shared/ui/switch.tsx";
import type { AppSettings, PAGES } from "../../../rpc/bridge.ts";
import type { Problem } from "../../../rpc/shapes.ts";
import { Card, Page } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { AutostartCard } from "./autostart-card.tsx";
import { ProxyCard } from "./proxy-card.tsx";

interface RowProps {
  readonly title: string;
  readonly hint?: string;
  readonly children: (labelId: string) => ComponentChildren;
}

function Row({ title, hint, children }: RowProps): JSX.Element {
  const id = useId();
  return (
    <div class="settings-row">
      <div>
        <div id={id}>{title}</div>
        {hint === undefined ? null : <div class="hint">{hint}</div>}
      </div>
      {children(id)}
    </div>
  );
}

/** Chooses one of several values, each with a word of the catalogue. */
function Choice<Value extends string>({
  title,
  hint,
  words,
  value,
  onChange,
}: {
  readonly title: string;
  readonly hint?: string;
  readonly words: Readonly<Record<Value, string>>;
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}): JSX.Element {
  return (
    <Row title={title} {...(hint === undefined ? {} : { hint })}>
      {(id) => (
        <SelectField<Value>
          label={title}
          labelledBy={id}
          value={value}
          options={(Object.keys(words) as Value[]).map((key) => [key, words[key]])}
          onChange={onChange}
        />
      )}
    </Row>
  );
}

/** The app's settings, and the networks that start with the machine. */
export function SettingsScreen(): JSX.Element | null {
  const store = useStore();
  const { t } = useLocale();
  const problem = useSignal<Problem | undefined>(undefined);
  const { app } = store;
  if (app === undefined) return null;
  const { settings } = app;
  const change = async (changed: Partial<AppSettings>) => {
    const answer = await store.change(changed);
    problem.value = answer.ok ? undefined : answer.error;
  };
  const open = (page: (typeof PAGES)[number]) => void store.bridge.call("app.open", { page });
  return (
    <Page title={t.screens.settings}>
      {problem.value === undefined ? null : <ProblemCard problem={problem.value} />}
      <Card title={t.settings.look}>
        <Choice
          title={t.settings.language}
          words={t.settings.languages}
          value={settings.language}
          onChange={(language) => void change({ language })}
        />
        <Choice
          title={t.settings.theme}
          words={t.settings.themes}
          value={settings.theme}
          onChange={(theme) => void change({ theme })}
        />
      </Card>
      <Card title={t.settings.behaviour}>
        <Row title={t.settings.startAtLogin} hint={t.settings.startAtLoginHint}>
          {(id) => (
            <Switch
              labelledBy={id}
              on={settings.start_at_login}
              onChange={(start_at_login) => void change({ start_at_login })}
            />
          )}
        </Row>
        <Choice
          title={t.settings.onClose}
          hint={t.settings.onCloseHint}
          words={t.settings.closings}
          value={settings.on_close}
          onChange={(on_close) => void change({ on_close })}
        />
        <Row title={t.settings.notifications}>
          {(id) => (
            <Switch
              labelledBy={id}
              on={settings.notifications}
              onChange={(notifications) => void change({ notifications })}
            />
          )}
        </Row>
      </Card>
      {store.isConnected ? <ProxyCard /> : null}
      {store.isConnected ? <AutostartCard /> : null}
      <Card title={t.settings.about}>
        <p>
          {t.settings.version} {app.version}
          {app.agent.version === undefined ? "" : ` · ${t.service.version(app.agent.version)}`}
        </p>
        <div class="row middle">
          <Button onPress={() => open("documentation")}>{t.settings.documentation}</Button>
          <Button onPress={() => open("issues")}>{t.settings.issues}</Button>
        </div>
        <div class="row middle">
          <Button describedBy="quit-hint" onPress={() => void store.bridge.call("app.quit", {})}>
            {t.settings.quit}
          </Button>
          <span id="quit-hint" class="muted">
            {t.settings.quitHint}
          </span>
        </div>
      </Card>
    </Page>
  );
}
