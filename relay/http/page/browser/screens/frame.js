/** @import { VNode } from "preact" */
/** @import { Route } from "../state/route.js" */
/** @import { Session } from "../state/session.js" */
import { h } from "preact";
import { useEffect } from "preact/hooks";
import { go, route } from "../state/route.js";
import { signOut } from "../state/session.js";
import { t } from "../text/text.js";
import { a, button, div, header, main, span } from "../ui/dom.js";
import { Icon } from "../ui/icon.js";
import { Admins } from "./admins.js";
import { Audit } from "./audit.js";
import { Devices } from "./devices.js";
import { Invites } from "./invites.js";
import { LimitsScreen } from "./limits.js";
import { Navigation } from "./navigation.js";
import { NetworkScreen } from "./network/network-screen.js";
import { Networks } from "./networks.js";
import { Notices } from "./notices.js";
import { Preferences } from "./preferences.js";
import { Tenants } from "./tenants.js";
import { Tokens } from "./tokens.js";

/**
 * What is around every screen of who is signed in.
 *
 * @param {{ session: Session }} props
 */
export function Frame({ session }) {
  const text = t.value;
  const own = session.me.tenant;
  const shown = allowed(route.value, own);
  useEffect(() => {
    if (shown !== route.value) go(shown);
  }, [shown]);
  /** @param {MouseEvent} event */
  const skip = (event) => {
    // The fragment is the screen's.
    event.preventDefault();
    document.querySelector("h1")?.focus();
  };
  return div(
    { class: "frame" },
    a({ class: "skip", href: "#main", onClick: skip }, text.skip),
    header(
      { class: "top" },
      a({ class: "brand", href: "#/" }, h(Icon, { name: "brand" }), "Laneway"),
      span({ class: "who" }, own === null ? text.relayAdmin : text.tenantAdmin(own)),
      h(Preferences, null),
      button({ type: "button", onClick: signOut }, text.signOut),
    ),
    h(Navigation, { session, shown }),
    main({ id: "main" }, screenOf(session, shown)),
  );
}

/**
 * The screen that is opened: of the own tenant alone for who administers one.
 *
 * @param {Route} wanted
 * @param {string | null} own
 * @returns {Route}
 */
function allowed(wanted, own) {
  if (own === null) return wanted.screen === "home" ? { screen: "tenants" } : wanted;
  if (!("tenant" in wanted) || wanted.tenant !== own || wanted.screen === "admins") {
    return { screen: "networks", tenant: own };
  }
  return wanted;
}

/**
 * @param {Session} session
 * @param {Route} to
 * @returns {VNode}
 */
function screenOf({ api, me }, to) {
  const isRelayAdmin = me.tenant === null;
  if (!("tenant" in to)) {
    if (to.screen !== "relay-audit") return h(Tenants, { api });
    return h(Audit, { key: "relay", load: (since, signal) => api.audit(since, signal) });
  }
  const { tenant } = to;
  const of = api.tenant(tenant);
  // A key, so that nothing of one tenant is shown under the name of another.
  const about = { key: `${tenant}/${to.screen}`, tenant, api: of };
  switch (to.screen) {
    case "networks":
      return h(Networks, { ...about, isRelayAdmin });
    case "network":
      return h(NetworkScreen, { ...about, key: `${tenant}/${to.network}`, name: to.network, tab: to.tab });
    case "devices":
      return h(Devices, about);
    case "invites":
      return h(Invites, about);
    case "tokens":
      return h(Tokens, about);
    case "admins":
      return h(Admins, about);
    case "limits":
      return h(LimitsScreen, { ...about, isRelayAdmin });
    case "notices":
      return h(Notices, about);
    case "audit":
      return h(Audit, { key: about.key, tenant, load: (since, signal) => of.audit(since, signal) });
  }
}
