import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Button } from "../../../../shared/ui/button.tsx";
import { TextField } from "../../../../shared/ui/field.tsx";
import { Form } from "../../../../shared/ui/form.tsx";
import type { Problem } from "../../../rpc/shapes.ts";
import { Card } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { useLocale, useStore } from "../../state/context.ts";

/** Sets the HTTP proxy that the service uses for every relay. */
export function ProxyCard(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const proxy = useSignal("");
  const problem = useSignal<Problem | undefined>(undefined);
  useEffect(() => {
    void store.bridge.call("settings.get", {}).then((answer) => {
      if (answer.ok) proxy.value = answer.result.proxy ?? "";
    });
  }, [store, proxy]);
  async function save(): Promise<void> {
    const answer = await store.bridge.call("settings.set", { proxy: proxy.value.trim() || null });
    problem.value = answer.ok ? undefined : answer.error;
    if (!answer.ok) return;
    // Shows the address as the service reports it from now on: without its password.
    proxy.value = answer.result.proxy ?? "";
    store.announcer.say(t.settings.proxySaved);
  }
  return (
    <Card title={t.settings.proxy}>
      <Form label={t.settings.proxy} onSubmit={() => void save()}>
        <TextField
          label={t.settings.proxyUrl}
          hint={t.settings.proxyHint}
          placeholder="http://proxy.example:3128"
          value={proxy.value}
          onInput={(value) => {
            proxy.value = value;
          }}
        />
        {problem.value === undefined ? null : <ProblemCard problem={problem.value} />}
        <div class="row middle">
          <Button submit disabled={!store.mayChange}>
            {t.settings.proxySave}
          </Button>
        </div>
      </Form>
    </Card>
  );
}
