import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import { TextField } from "../../../../shared/ui/field.tsx";
import { Form } from "../../../../shared/ui/form.tsx";
import type { Problem } from "../../../rpc/shapes.ts";
import { Card } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { useLocale, useStore } from "../../state/context.ts";

interface RelaysCardProps {
  readonly relays: readonly string[];
  readonly onChange: () => void;
}

/** Lists, adds and removes the relays that the user administers here. */
export function RelaysCard({ relays, onChange }: RelaysCardProps): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const relay = useSignal("");
  const token = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<Problem | undefined>(undefined);

  async function set(which: string, secret: string | null, said: string): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    const answer = await store.bridge.call("admin.set", { relay: which, token: secret });
    busy.value = false;
    problem.value = answer.ok ? undefined : answer.error;
    if (!answer.ok) return false;
    store.announcer.say(said);
    onChange();
    return true;
  }
  async function add(): Promise<void> {
    if (!(await set(relay.value.trim(), token.value.trim(), t.administration.added))) return;
    relay.value = "";
    token.value = "";
  }

  return (
    <Card title={t.administration.relays}>
      {relays.length === 0 ? <p class="muted">{t.administration.noRelays}</p> : null}
      {relays.map((known) => (
        <div class="relay-line" key={known}>
          <code>{known}</code>
          <Button
            small
            label={t.administration.forgetWhich(known)}
            onPress={() => void set(known, null, t.administration.forgotten)}
          >
            {t.administration.forget}
          </Button>
        </div>
      ))}
      {problem.value === undefined ? null : <ProblemCard problem={problem.value} />}
      <Form label={t.administration.addRelay} onSubmit={() => void add()}>
        <div class="row">
          <TextField
            label={t.administration.relay}
            required
            placeholder={t.administration.relayHint}
            value={relay.value}
            onInput={(value) => {
              relay.value = value;
            }}
          />
          <TextField
            label={t.administration.token}
            type="password"
            required
            value={token.value}
            onInput={(value) => {
              token.value = value;
            }}
          />
          <Button submit disabled={busy.value || !store.mayChange}>
            {t.administration.add}
          </Button>
        </div>
      </Form>
    </Card>
  );
}
