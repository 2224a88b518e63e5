import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import { SelectField, TextField } from "../../../../shared/ui/field.tsx";
import { Form } from "../../../../shared/ui/form.tsx";
import type { Problem } from "../../../rpc/shapes.ts";
import { Copyable } from "../../components/copyable.tsx";
import { Card } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { useLocale, useStore } from "../../state/context.ts";

const DAY = 86_400;
/** Lifetimes of an invite, in seconds. */
const DURATIONS = { d1: DAY, d7: 7 * DAY, d30: 30 * DAY, never: undefined } as const;
type Duration = keyof typeof DURATIONS;

/** Creates an invite for a network of one of the relays. */
export function InviteCard({ relays }: { readonly relays: readonly string[] }): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const chosen = useSignal("");
  const tenant = useSignal("default");
  const network = useSignal(store.chosen?.network ?? "");
  const uses = useSignal("1");
  const duration = useSignal<Duration>("d7");
  const busy = useSignal(false);
  const problem = useSignal<Problem | undefined>(undefined);
  const link = useSignal<string | undefined>(undefined);
  const relay = relays.find((one) => one === chosen.value) ?? relays[0] ?? "";
  const { durations } = t.administration;

  async function invite(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    const seconds = DURATIONS[duration.value];
    const answer = await store.bridge.call("invite.create", {
      relay,
      tenant: tenant.value.trim(),
      network: network.value.trim(),
      ...(uses.value === "" ? {} : { uses: Number(uses.value) }),
      ...(seconds === undefined ? {} : { expires_in: seconds }),
    });
    busy.value = false;
    problem.value = answer.ok ? undefined : answer.error;
    link.value = answer.ok ? answer.result.link : undefined;
    if (answer.ok) store.announcer.say(t.administration.inviteMade);
  }

  return (
    <Card title={t.common.newInvite}>
      <Form label={t.common.newInvite} onSubmit={() => void invite()}>
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
            label={t.common.network}
            required
            value={network.value}
            onInput={(value) => {
              network.value = value;
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
        <div class="row">
          <TextField
            label={t.common.inviteUses}
            type="number"
            min={1}
            value={uses.value}
            onInput={(value) => {
              uses.value = value;
            }}
          />
          <SelectField<Duration>
            label={t.common.goodFor}
            value={duration.value}
            options={[
              ["d1", durations.d1],
              ["d7", durations.d7],
              ["d30", durations.d30],
              ["never", durations.never],
            ]}
            onChange={(value) => {
              duration.value = value;
            }}
          />
        </div>
        {problem.value === undefined ? null : <ProblemCard problem={problem.value} />}
        <div>
          <Button kind="primary" submit disabled={busy.value || !store.mayChange}>
            {t.common.newInvite}
          </Button>
        </div>
        {link.value === undefined ? null : (
          <div class="invite-link">
            <div>
              <b>{t.common.inviteLink}</b> <span class="muted">{t.common.inviteOnce}</span>
            </div>
            <Copyable text={link.value} what={t.common.inviteLink} />
          </div>
        )}
      </Form>
    </Card>
  );
}
