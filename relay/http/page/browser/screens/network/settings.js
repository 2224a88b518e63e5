/** @import { NetworkSettings } from "../../../../../../shared/switch/settings.ts" */
/** @import { Problem } from "../../api/problem.js" */
/** @import { TabProps } from "./network-screen.js" */
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem } from "../../api/problem.js";
import { t } from "../../text/text.js";
import { announce } from "../../ui/announce.js";
import { button, div, form, p } from "../../ui/dom.js";
import { CheckField, SelectField, TextField, written, writtenNumber } from "../../ui/field.js";
import { ProblemBox } from "../../ui/problem-box.js";

/** How each setting is asked for: a choice, yes or no, a number or a text. */
const FIELDS = /** @type {const} @satisfies {Record<keyof NetworkSettings, unknown>} */ ({
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
});

const NAMES = /** @type {(keyof typeof FIELDS)[]} */ (Object.keys(FIELDS));

/**
 * How the hub treats the network's frames.
 *
 * @param {TabProps} props
 */
export function Settings({ api, network, reload }) {
  const text = t.value;
  const [problem, setProblem] = useState(/** @type {Problem | undefined} */ (undefined));
  const [busy, setBusy] = useState(false);
  const abort = useRef(new AbortController());
  // As they were when the form was opened: what is typed is not to change underhand.
  const settings = useRef(network.settings);
  useEffect(() => () => abort.current.abort(), []);

  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const submitted = async (event) => {
    event.preventDefault();
    if (busy) return;
    const changes = changesIn(new FormData(event.currentTarget), settings.current);
    setBusy(true);
    try {
      await api.change(changes, abort.current.signal);
      settings.current = { ...settings.current, ...changes };
      setProblem(undefined);
      announce(text.saved);
      reload();
    } catch (error) {
      if (!abort.current.signal.aborted) setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return form(
    { class: "settings", onSubmit: submitted },
    p({ class: "hint tab-lead" }, text.settings.lead),
    div(
      { class: "grid" },
      NAMES.map((name) => h(SettingField, { key: name, name, value: settings.current[name] })),
    ),
    h(ProblemBox, { problem }),
    div({ class: "actions" }, button({ type: "submit", class: "primary", "aria-disabled": busy }, text.save)),
  );
}

/** @param {{ name: keyof typeof FIELDS, value: string | number | boolean }} props */
function SettingField({ name, value }) {
  const [label, hint] = t.value.settings.names[name];
  const kind = FIELDS[name];
  if (kind === "check") return h(CheckField, { label, hint, name, checked: value === true });
  if (kind === "number" || kind === "text") {
    const attributes = { name, required: true, defaultValue: typeof value === "boolean" ? "" : value };
    if (kind === "text") return h(TextField, { label, hint, input: { ...attributes, class: "mono" } });
    return h(TextField, { label, hint, input: { ...attributes, type: "number", min: 0 } });
  }
  const options = kind.map((one) => /** @type {const} */ ([one, t.value.settings.choices[one]]));
  return h(SelectField, { label, hint, name, options, value: String(value) });
}

/**
 * @param {FormData} fields
 * @param {NetworkSettings} settings
 * @returns {Partial<NetworkSettings>} those that are not as they were
 */
function changesIn(fields, settings) {
  const entries = NAMES.map((name) => {
    const kind = FIELDS[name];
    if (kind === "check") return [name, fields.has(name)];
    return [name, kind === "number" ? writtenNumber(fields, name) : written(fields, name)];
  });
  return Object.fromEntries(
    entries.filter(([name, value]) => settings[/** @type {keyof NetworkSettings} */ (name)] !== value),
  );
}
