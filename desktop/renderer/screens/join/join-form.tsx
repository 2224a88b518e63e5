import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { parseInviteLink } from "../../../../shared/api/invite-link.ts";
import { Button } from "../../../../shared/ui/button.tsx";
import { TextField } from "../../../../shared/ui/field.tsx";
import { Form } from "../../../../shared/ui/form.tsx";
import type { Problem } from "../../../rpc/shapes.ts";
import { ProblemCard } from "../../components/problem-card.tsx";
import { useLocale, useStore } from "../../state/context.ts";

/** Accepts an invite, pasted or opened as a link. A link joins nothing before the user confirms it. */
export function JoinForm(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const opened = store.link.value;
  const typed = useSignal<string | undefined>(undefined);
  const name = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<Problem | undefined>(undefined);
  const link = typed.value ?? opened ?? "";
  const invite = parseInviteLink(link);

  async function submit(): Promise<void> {
    if (busy.value) return;
    problem.value = undefined;
    if (invite === undefined) {
      // Does not repeat the input, because it may be part of a secret.
      problem.value = { code: "usage.invite", message: "", hint: "" };
      return;
    }
    busy.value = true;
    const answer = await store.networks.join(link.trim(), name.value.trim() || undefined);
    busy.value = false;
    if (!answer.ok) {
      problem.value = answer.error;
      return;
    }
    store.link.value = undefined;
    store.announcer.say(t.join.joined(answer.result.length));
    await store.networks.refresh();
    const [only] = answer.result;
    store.router.go(
      only !== undefined && answer.result.length === 1
        ? { screen: "networks", network: only }
        : { screen: "networks" },
    );
  }

  return (
    <Form label={t.join.title} onSubmit={() => void submit()}>
      {opened !== undefined && typed.value === undefined && invite !== undefined ? (
        <p>{t.join.fromLink(invite.relay)}</p>
      ) : null}
      <TextField
        label={t.join.link}
        hint={t.join.linkHint}
        value={link}
        class="invite"
        rows={3}
        required
        onInput={(value) => {
          typed.value = value;
        }}
      />
      <TextField
        label={`${t.join.name} (${t.common.optional})`}
        hint={t.join.nameHint}
        value={name.value}
        onInput={(value) => {
          name.value = value;
        }}
      />
      {problem.value === undefined ? null : <ProblemCard problem={problem.value} />}
      <div class="row middle">
        <Button kind="primary" submit disabled={busy.value || !store.mayChange}>
          {busy.value ? t.join.joining : t.join.submit}
        </Button>
        {store.networks.list.value.length === 0 ? null : (
          <Button
            kind="quiet"
            onPress={() => {
              store.link.value = undefined;
              store.router.go({ screen: "networks" });
            }}
          >
            {t.common.cancel}
          </Button>
        )}
      </div>
    </Form>
  );
}
