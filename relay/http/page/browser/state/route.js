import { signal } from "@preact/signals";

export const SECTIONS = /** @type {const} */ ([
  "networks",
  "devices",
  "invites",
  "tokens",
  "admins",
  "limits",
  "notices",
  "audit",
]);
export const TABS = /** @type {const} */ ([
  "members",
  "fdb",
  "groups",
  "neighbours",
  "drops",
  "addresses",
  "trace",
  "settings",
]);

/** @typedef {(typeof SECTIONS)[number]} Section */
/** @typedef {(typeof TABS)[number]} Tab */

/**
 * A screen. `home` is whichever comes first for who is signed in.
 *
 * @typedef {{ readonly screen: "home" | "tenants" | "relay-audit" }
 *   | { readonly screen: Section, readonly tenant: string }
 *   | { readonly screen: "network", readonly tenant: string, readonly network: string, readonly tab: Tab }} Route
 */

/** @type {import("@preact/signals").Signal<Route>} */
export const route = signal(parse(location.hash));

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

/**
 * The URL of a screen: a fragment alone, so that it is right under any path prefix.
 *
 * @param {Route} to
 */
export function href(to) {
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

/** @param {Route} to */
export function go(to) {
  location.hash = href(to);
}

/**
 * @param {string} fragment
 * @returns {Route}
 */
export function parse(fragment) {
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

/** @param {readonly string[]} parts */
function hash(...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
