import { SelectField } from "../../../../../shared/ui/field.tsx";
import { written } from "../../../../../shared/ui/form.tsx";
import type { TenantApi } from "../../api/tenant-api.ts";
import { t } from "../../state/text.ts";
import { useLive } from "../../state/use-live.ts";
import { ProblemBox } from "../../ui/problem-box.tsx";

/**
 * A field for a network of the tenant.
 *
 * @param props `all` labels the choice of all networks, if it is offered
 */
export function NetworkField({ api, all }: { api: TenantApi; all?: string }) {
  const networks = useLive((signal) => api.networks(signal), []);
  if (networks.problem !== undefined)
    return <ProblemBox problem={networks.problem} retry={networks.reload} />;

  const options: [string, string][] = (networks.data?.rows ?? []).map(({ name }) => [name, name]);
  if (all !== undefined) options.push(["", all]);
  return <SelectField label={t.value.ofNetwork} name="network" options={options} />;
}

export function networkOf(fields: FormData) {
  return written(fields, "network");
}
