/** @import { Route, Section } from "../state/route.js" */
/** @import { Session } from "../state/session.js" */
import { h } from "preact";
import { useRef } from "preact/hooks";
import { go, href, SECTIONS } from "../state/route.js";
import { useLive } from "../state/use-live.js";
import { t } from "../text/text.js";
import { a, div, li, nav, span, ul } from "../ui/dom.js";
import { SelectField } from "../ui/field.js";

/** Milliseconds between looks at which tenants there are. */
const TENANTS_MS = 15_000;

/**
 * The screens that there are, of the relay and of the tenant that was chosen.
 *
 * @param {{ session: Session, shown: Route }} props
 */
export function Navigation({ session: { api, me }, shown }) {
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
  // The one that was looked at last, if it is still there.
  const isKnown =
    last.current !== undefined && ("tenant" in shown || !isRelayAdmin || all.includes(last.current));
  const tenant = isKnown ? last.current : all[0];
  const names = tenant === undefined || all.includes(tenant) ? all : [tenant, ...all];
  const section = "tenant" in shown && shown.screen !== "network" ? shown.screen : "networks";
  /** @param {string} to */
  const choose = (to) => go({ screen: section, tenant: to });
  return nav(
    { class: "navigation", "aria-label": text.navigation },
    isRelayAdmin &&
      ul(
        null,
        h(Item, { to: { screen: "tenants" }, label: text.tenants.title, shown }),
        h(Item, { to: { screen: "relay-audit" }, label: text.audit.relayTitle, shown }),
      ),
    tenant !== undefined &&
      div(
        { class: "of-tenant" },
        isRelayAdmin
          ? h(SelectField, {
              label: text.tenant,
              name: "tenant",
              value: tenant,
              options: names.map((name) => /** @type {const} */ ([name, name])),
              onChange: choose,
            })
          : span({ class: "tenant" }, tenant),
        ul(
          null,
          SECTIONS.filter((name) => isRelayAdmin || name !== "admins").map((name) =>
            h(Item, { key: name, to: { screen: name, tenant }, label: titleOf(name), shown }),
          ),
        ),
      ),
  );
}

/** @param {{ to: Route, label: string, shown: Route }} props */
function Item({ to, label, shown }) {
  const isIn =
    to.screen === (shown.screen === "network" ? "networks" : shown.screen) && sameTenant(to, shown);
  return li(null, a({ href: href(to), "aria-current": isIn ? "page" : undefined }, label));
}

/**
 * @param {Route} one
 * @param {Route} other
 */
function sameTenant(one, other) {
  return ("tenant" in one ? one.tenant : undefined) === ("tenant" in other ? other.tenant : undefined);
}

/** @param {Section} name */
function titleOf(name) {
  return t.value[name].title;
}
