import { useRef } from "preact/hooks";
import { SelectField } from "../../../../../shared/ui/field.tsx";
import { go, href, type Route, SECTIONS, type Section } from "../../state/route.ts";
import type { Session } from "../../state/session.ts";
import { t } from "../../state/text.ts";
import { useLive } from "../../state/use-live.ts";

/** Interval between requests for the tenants, in milliseconds. */
const TENANTS_MS = 15_000;

/** Links to the screens of the relay and of the chosen tenant. */
export function Navigation({ session: { api, me }, shown }: { session: Session; shown: Route }) {
  const text = t.value;
  const isRelayAdmin = me.tenant === null;
  const tenants = useLive(
    async (signal) => (isRelayAdmin ? (await api.tenants(signal)).rows.map(({ name }) => name) : []),
    [api, shown.screen === "tenants"],
    isRelayAdmin ? TENANTS_MS : undefined,
  );
  const last = useRef(me.tenant ?? undefined);
  if ("tenant" in shown) last.current = shown.tenant;
  const all = tenants.data ?? [];
  // Prefers the tenant shown last, if it still exists.
  const isKnown =
    last.current !== undefined && ("tenant" in shown || !isRelayAdmin || all.includes(last.current));
  const tenant = isKnown ? last.current : all[0];
  const names = tenant === undefined || all.includes(tenant) ? all : [tenant, ...all];
  const section = "tenant" in shown && shown.screen !== "network" ? shown.screen : "networks";

  const choose = (to: string) => go({ screen: section, tenant: to });
  return (
    <nav class="navigation" aria-label={text.navigation}>
      {isRelayAdmin && (
        <ul>
          <Item to={{ screen: "tenants" }} label={text.tenants.title} shown={shown} />
          <Item to={{ screen: "relay-audit" }} label={text.audit.relayTitle} shown={shown} />
        </ul>
      )}
      {tenant !== undefined && (
        <div class="of-tenant">
          {isRelayAdmin ? (
            <SelectField
              label={text.tenant}
              name="tenant"
              value={tenant}
              options={names.map((name) => [name, name] as const)}
              onChange={choose}
            />
          ) : (
            <span class="tenant">{tenant}</span>
          )}
          <ul>
            {SECTIONS.filter((name) => isRelayAdmin || name !== "admins").map((name) => (
              <Item key={name} to={{ screen: name, tenant }} label={titleOf(name)} shown={shown} />
            ))}
          </ul>
        </div>
      )}
    </nav>
  );
}

function Item({ to, label, shown }: { to: Route; label: string; shown: Route }) {
  const isIn =
    to.screen === (shown.screen === "network" ? "networks" : shown.screen) && sameTenant(to, shown);
  return (
    <li>
      <a href={href(to)} aria-current={isIn ? "page" : undefined}>
        {label}
      </a>
    </li>
  );
}

function sameTenant(one: Route, other: Route) {
  return ("tenant" in one ? one.tenant : undefined) === ("tenant" in other ? other.tenant : undefined);
}

function titleOf(name: Section) {
  return t.value[name].title;
}
