import { useEffect, useRef, useState } from "preact/hooks";
import type { NetworkSettings } from "../../../../../shared/switch/settings.ts";
import { Button } from "../../../../../shared/ui/button.tsx";
import { CheckField, SelectField, TextField } from "../../../../../shared/ui/field.tsx";
import { Form, written, writtenNumber } from "../../../../../shared/ui/form.tsx";
import { asProblem, type Problem } from "../../api/problem.ts";
import { announcer } from "../../state/announcer.ts";
import { t } from "../../state/text.ts";
import { ProblemBox } from "../../ui/problem-box.tsx";
import type { TabProps } from "./tab-props.ts";

/** The kind of field for each setting: a choice, yes or no, a number or a text. */
const FIELDS = {
  ageing: "number",
  mac_limit: "number",
  unknown_unicast: ["flood", "drop"],
  unregistered_multicast: ["flood", "drop"],
  storm_broadcast: "number",
  storm_multicast: "number",
  storm_unknown: "number",
  dhcp_guard: ["auto", "on", "off"],
  ra_guard: ["auto", "on", "off"],
  vlan: ["pass", "strip"],
  ethertypes: "text",
  snooping: "check",
  suppression: "check",
  source_binding: "check",
  loop_detection: "check",
} as const;

const NAMES = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/** The tab of the network's settings. */
export function Settings({ api, network, reload }: TabProps) {
  const text = t.value;
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const abort = useRef(new AbortController());
  // Kept from when the form was opened, so that a reload does not change it while the user types.
  const settings = useRef(network.settings);
  useEffect(() => () => abort.current.abort(), []);

  const submitted = async (fields: FormData) => {
    if (busy) return;
    const changes = changesIn(fields, settings.current);
    setBusy(true);
    try {
      await api.change(changes, abort.current.signal);
      settings.current = { ...settings.current, ...changes };
      setProblem(undefined);
      announcer.say(text.saved);
      reload();
    } catch (error) {
      if (!abort.current.signal.aborted) setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <Form class="settings" onSubmit={submitted}>
      <p class="hint tab-lead">{text.settings.lead}</p>
      <div class="grid">
        {NAMES.map((name) => (
          <SettingField key={name} name={name} value={settings.current[name]} />
        ))}
      </div>
      <ProblemBox problem={problem} />
      <div class="actions">
        <Button submit kind="primary" disabled={busy}>
          {text.save}
        </Button>
      </div>
    </Form>
  );
}

function SettingField({ name, value }: { name: keyof typeof FIELDS; value: string | number | boolean }) {
  const [label, hint] = t.value.settings.names[name];
  const kind = FIELDS[name];
  if (kind === "check") return <CheckField label={label} hint={hint} name={name} checked={value === true} />;
  if (kind === "number" || kind === "text") {
    const attributes = { name, required: true, defaultValue: typeof value === "boolean" ? "" : value };
    if (kind === "text") return <TextField label={label} hint={hint} {...attributes} class="mono" />;
    return <TextField label={label} hint={hint} {...attributes} type="number" min={0} />;
  }
  const options = kind.map((one) => [one, t.value.settings.choices[one]] as const);
  return <SelectField label={label} hint={hint} name={name} options={options} defaultValue={String(value)} />;
}

/** @returns only the changed settings */
function changesIn(fields: FormData, settings: NetworkSettings): Partial<NetworkSettings> {
  const entries = NAMES.map((name) => {
    const kind = FIELDS[name];
    if (kind === "check") return [name, fields.has(name)];
    return [name, kind === "number" ? writtenNumber(fields, name) : written(fields, name)];
  });
  return Object.fromEntries(
    entries.filter(([name, value]) => settings[name as keyof NetworkSettings] !== value),
  );
}
