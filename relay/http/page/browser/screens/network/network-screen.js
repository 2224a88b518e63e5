/** @import { NetworkApi } from "../../api/network-api.js" */
/** @import { TenantApi } from "../../api/tenant-api.js" */
/** @import { Tab } from "../../state/route.js" */
/** @import { Network } from "../../api/answers.ts" */
/** @import { Traffic } from "./traffic.js" */
/** @import { VNode } from "preact" */
import { h } from "preact";
import { href, TABS } from "../../state/route.js";
import { useLive } from "../../state/use-live.js";
import { number } from "../../text/format.js";
import { t } from "../../text/text.js";
import { a, code, dd, div, dl, dt, li, nav, ul } from "../../ui/dom.js";
import { ProblemBox } from "../../ui/problem-box.js";
import { loaded, Screen } from "../../ui/screen.js";
import { Addresses } from "./addresses.js";
import { Drops } from "./drops.js";
import { Fdb } from "./fdb.js";
import { Groups } from "./groups.js";
import { Members } from "./members.js";
import { Neighbours } from "./neighbours.js";
import { Settings } from "./settings.js";
import { Tiles } from "./tiles.js";
import { TraceForm } from "./trace-form.js";
import { useTraffic } from "./traffic.js";

/**
 * A network: what it is, what passes in it now, and everything the hub knows of it.
 *
 * @param {{ tenant: string, api: TenantApi, name: string, tab: Tab }} props
 */
export function NetworkScreen({ tenant, api, name, tab }) {
  const words = t.value.network;
  const of = api.network(name);
  const network = useLive((signal) => of.get(signal), [tenant, name], 15_000);
  const traffic = useTraffic(of, [tenant, name]);
  return h(
    Screen,
    { title: words.title(name), lead: network.data && h(Facts, { network: network.data }) },
    h(Tiles, { traffic }),
    h(ProblemBox, { problem: traffic.problem, retry: traffic.reload }),
    nav(
      { class: "tabs", "aria-label": words.title(name) },
      ul(
        null,
        TABS.map((one) => {
          const to = href({ screen: "network", tenant, network: name, tab: one });
          return li(
            { key: one },
            a({ href: to, "aria-current": one === tab ? "page" : undefined }, words.tabs[one]),
          );
        }),
      ),
    ),
    loaded({
      live: network,
      show: (data) => tabOf(tab, { tenant: api, api: of, network: data, traffic, reload: network.reload }),
    }),
  );
}

/** @param {{ network: Network }} props */
function Facts({ network: { vni, subnet, prefix6, mtu, mode, group } }) {
  const { networks, none } = t.value;
  /** @type {[label: string, value: VNode | string][]} */
  const facts = [
    ["VNI", code(null, String(vni))],
    [networks.subnet, subnet === null ? none : code(null, subnet)],
    [networks.prefix6, prefix6 === null ? "" : code(null, prefix6)],
    [networks.group, code(null, group)],
    ["MTU", number(mtu)],
    [networks.mode, networks.modes[mode]],
  ];
  return dl(
    { class: "facts" },
    facts.map(([label, value]) => value !== "" && div({ key: label }, dt(null, label), dd(null, value))),
  );
}

/**
 * What every tab may go by.
 *
 * @typedef {object} TabProps
 * @property {TenantApi} tenant
 * @property {NetworkApi} api
 * @property {Network} network
 * @property {Traffic} traffic
 * @property {() => void} reload the network itself
 */

/**
 * @param {Tab} tab
 * @param {TabProps} props
 */
function tabOf(tab, props) {
  switch (tab) {
    case "members":
      return h(Members, props);
    case "fdb":
      return h(Fdb, props);
    case "groups":
      return h(Groups, props);
    case "neighbours":
      return h(Neighbours, props);
    case "drops":
      return h(Drops, props);
    case "addresses":
      return h(Addresses, props);
    case "trace":
      return h(TraceForm, props);
    case "settings":
      return h(Settings, props);
  }
}
