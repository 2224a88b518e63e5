import type { JSX } from "preact";
import { SelectField } from "../../../shared/ui/field.tsx";
import { useLocale, useStore } from "../state/context.ts";

/** Chooses the network that a screen is about. */
export function NetworkPicker(): JSX.Element | null {
  const store = useStore();
  const { t } = useLocale();
  const chosen = store.chosen;
  if (chosen === undefined) return null;
  const list = store.networks.list.value;
  const twice = new Set(
    list.map(({ network }) => network).filter((name, index, all) => all.indexOf(name) !== index),
  );
  return (
    <div class="picker">
      <SelectField
        label={t.common.network}
        value={chosen.id}
        options={list.map(({ id, network, tenant, relay }) => [
          id,
          twice.has(network) ? `${network} (${t.networks.tenantOf(tenant ?? "–", relay)})` : network,
        ])}
        onChange={(id) => store.choose(id)}
      />
    </div>
  );
}
