import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import { SelectField, TextField } from "../../../../shared/ui/field.tsx";
import { Form } from "../../../../shared/ui/form.tsx";
import type { Problem } from "../../../rpc/shapes.ts";
import { Card } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { useLocale, useStore } from "../../state/context.ts";

/** Creates a network on one of the relays. */
export function CreateCard({ relays }: { readonly relays: readonly string[] }): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const chosen = useSignal("");
  const tenant = useSignal("default");
  const name = useSignal("");
  const subnet = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<Problem | undefined>(undefined);
  const relay = relays.find((one) => one === chosen.value) ?? relays[0] ?? "";

  async function create(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    const wanted = subnet.value.trim();
    const answer = await store.bridge.call("network.create", {
      relay,
      tenant: tenant.value.trim(),
      name: name.value.trim(),
      ...(wanted === "" ? {} : { subnet: wanted }),
    });
    busy.value = false;
    problem.value = answer.ok ? undefined : answer.error;
    if (!answer.ok) return;
    store.announcer.say(t.administration.created(answer.result.name, answer.result.vni));
    name.value = "";
    subnet.value = "";
  }

  return (
    <Card title={t.administration.create}>
      <Form label={t.administration.create} onSubmit={() => void create()}>
        <SelectField
          label={t.administration.relay}
          value={relay}
          options={relays.map((one) => [one, one])}
          onChange={(value) => {
            chosen.value = value;
          }}
        />
        <div class="row">
          <TextField
            label={t.administration.name}
            required
            value={name.value}
            onInput={(value) => {
              name.value = value;
            }}
          />
          <TextField
            label={t.administration.tenant}
            required
            value={tenant.value}
            onInput={(value) => {
              tenant.value = value;
            }}
          />
        </div>
        <TextField
          label={`${t.administration.subnet} (${t.common.optional})`}
          hint={t.administration.subnetHint}
          class="mono"
          value={subnet.value}
          onInput={(value) => {
            subnet.value = value;
          }}
        />
        {problem.value === undefined ? null : <ProblemCard problem={problem.value} />}
        <div>
          <Button kind="primary" submit disabled={busy.value || !store.mayChange}>
            {t.administration.createSubmit}
          </Button>
        </div>
      </Form>
    </Card>
  );
}
