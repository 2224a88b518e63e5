import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Button } from "../../../../../shared/ui/button.tsx";
import { Mark } from "../../../../../shared/ui/icon.tsx";
import { go, type Route, route } from "../../state/route.ts";
import { type Session, signOut } from "../../state/session.ts";
import { t } from "../../state/text.ts";
import { Admins } from "../admins.tsx";
import { Audit } from "../audit.tsx";
import { Devices } from "../devices.tsx";
import { Invites } from "../invites.tsx";
import { LimitsScreen } from "../limits.tsx";
import { NetworkScreen } from "../network/network-screen.tsx";
import { Networks } from "../networks.tsx";
import { Notices } from "../notices.tsx";
import { Tenants } from "../tenants.tsx";
import { Tokens } from "../tokens.tsx";
import { Navigation } from "./navigation.tsx";
import { Preferences } from "./preferences.tsx";

/** The frame around every screen after signing in. */
export function Frame({ session }: { session: Session }) {
  const text = t.value;
  const own = session.me.tenant;
  const wanted = route.value;
  const shown = allowed(wanted, own);
  useEffect(() => {
    // Not if the user has gone elsewhere since: two screens would take turns for ever.
    if (shown !== wanted && route.value === wanted) go(shown);
  }, [shown, wanted]);

  const skip = (event: MouseEvent) => {
    // Prevented because the fragment holds the screen.
    event.preventDefault();
    document.querySelector("h1")?.focus();
  };
  return (
    <div class="frame">
      {/* biome-ignore lint/a11y/useValidAnchor: a skip link, whose target is focused by script. */}
      <a class="skip" href="#main" onClick={skip}>
        {text.skip}
      </a>
      <header class="top">
        <a class="brand" href="#/">
          <Mark size={26} />
          Laneway
        </a>
        <span class="who">{own === null ? text.relayAdmin : text.tenantAdmin(own)}</span>
        <Preferences />
        <Button onPress={signOut}>{text.signOut}</Button>
      </header>
      <Navigation session={session} shown={shown} />
      <main id="main">{screenOf(session, shown)}</main>
    </div>
  );
}

/** Returns the screen to open; a tenant's administrator stays within its own tenant. */
function allowed(wanted: Route, own: string | null): Route {
  if (own === null) return wanted.screen === "home" ? { screen: "tenants" } : wanted;
  if (!("tenant" in wanted) || wanted.tenant !== own || wanted.screen === "admins") {
    return { screen: "networks", tenant: own };
  }
  return wanted;
}

function screenOf({ api, me }: Session, to: Route): VNode {
  const isRelayAdmin = me.tenant === null;
  if (!("tenant" in to)) {
    if (to.screen !== "relay-audit") return <Tenants api={api} />;
    return <Audit key="relay" load={(since, signal) => api.audit(since, signal)} />;
  }
  const { tenant } = to;
  const of = api.tenant(tenant);
  // The key remounts the screen, so that it never shows one tenant's data under another's name.
  const about = { key: `${tenant}/${to.screen}`, tenant, api: of };
  switch (to.screen) {
    case "networks":
      return <Networks {...about} isRelayAdmin={isRelayAdmin} />;
    case "network":
      return <NetworkScreen {...about} key={`${tenant}/${to.network}`} name={to.network} tab={to.tab} />;
    case "devices":
      return <Devices {...about} />;
    case "invites":
      return <Invites {...about} />;
    case "tokens":
      return <Tokens {...about} />;
    case "admins":
      return <Admins {...about} />;
    case "limits":
      return <LimitsScreen {...about} isRelayAdmin={isRelayAdmin} />;
    case "notices":
      return <Notices {...about} />;
    case "audit":
      return <Audit key={about.key} tenant={tenant} load={(since, signal) => of.audit(since, signal)} />;
  }
}
