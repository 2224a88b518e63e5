/** @import { TenantApi } from "../api/tenant-api.js" */
import { h } from "preact";
import { useLive } from "../state/use-live.js";
import { t } from "../text/text.js";
import { SelectField, written } from "../ui/field.js";
import { ProblemBox } from "../ui/problem-box.js";

/**
 * Which network of the tenant.
 *
 * @param {{ api: TenantApi, all?: string }} props `all` is what stands for all of them, where that may be
 */
export function NetworkField({ api, all }) {
  const networks = useLive((signal) => api.networks(signal), []);
  if (networks.problem !== undefined)
    return h(ProblemBox, { problem: networks.problem, retry: networks.reload });
  /** @type {[string, string][]} */
  const options = (networks.data?.rows ?? []).map(({ name }) => [name, name]);
  if (all !== undefined) options.push(["", all]);
  return h(SelectField, { label: t.value.ofNetwork, name: "network", options });
}

/** @param {FormData} fields */
export function networkOf(fields) {
  return written(fields, "network");
}
