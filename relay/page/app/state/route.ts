import { signal } from "@preact/signals";

export const SECTIONS = [
  "networks",
  "devices",
  "invites",
  "tokens",
  "admins",
  "limits",
  "notices",
  "audit",
] as const;
export const TABS = [
  "members",
  "fdb",
  "groups",
  "neighbours",
  "drops",
  "addresses",
  "trace",
  "settings",
] as const;

export type Section = (typeof SECTIONS)[number];
export type Tab = (typeof TABS)[number];

/** A screen. `home` is the first screen that the user may see. */
export type Route =
  | { readonly screen: "home" | "tenants" | "relay-audit" }
  | { readonly screen: Section; readonly tenant: string }
  | { readonly screen: "network"; readonly tenant: string; readonly network: string; readonly tab: Tab };

export const route = signal<Route>(parse(location.hash));

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

/** Returns the URL of a screen: only a fragment, so that it works under any path prefix. */
export function href(to: Route) {
  switch (to.screen) {
    case "home":
      return "#/";
    case "tenants":
    case "relay-audit":
      return `#/${to.screen}`;
    case "network":
      return hash("tenants", to.tenant, "networks", to.network, to.tab);
    default:
      return hash("tenants", to.tenant, to.screen);
  }
}

export function go(to: Route) {
  location.hash = href(to);
}

export function parse(fragment: string): Route {
  const [first, tenant, section, network, tab] = fragment
    .replace(/^#?\/?/, "")
    .split("/")
    .map(decoded);
  if (first === "tenants" && tenant) {
    if (section === "networks" && network) {
      const known = TABS.find((name) => name === tab) ?? "members";
      return { screen: "network", tenant, network, tab: known };
    }
    return { screen: SECTIONS.find((name) => name === section) ?? "networks", tenant };
  }
  if (first === "tenants" || first === "relay-audit") return { screen: first };
  return { screen: "home" };
}

function hash(...parts: readonly string[]) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

function decoded(part: string) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
