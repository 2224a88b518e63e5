import type { VNode } from "preact";
import type { Network } from "../../../../../shared/api/resources/network.ts";
import type { TenantApi } from "../../api/tenant-api.ts";
import { href, TABS, type Tab } from "../../state/route.ts";
import { formats, t } from "../../state/text.ts";
import { useLive } from "../../state/use-live.ts";
import { ProblemBox } from "../../ui/problem-box.tsx";
import { Loaded, Screen } from "../../ui/screen.tsx";
import { Addresses } from "./addresses.tsx";
import { Drops } from "./drops.tsx";
import { Fdb } from "./fdb.tsx";
import { Groups } from "./groups.tsx";
import { Members } from "./members.tsx";
import { Neighbours } from "./neighbours.tsx";
import { Settings } from "./settings.tsx";
import type { TabProps } from "./tab-props.ts";
import { Tiles } from "./tiles.tsx";
import { TraceForm } from "./trace-form.tsx";
import { useTraffic } from "./traffic.ts";

/** The screen of a network, with a tab for each part of its live state. */
export function NetworkScreen({
  tenant,
  api,
  name,
  tab,
}: {
  tenant: string;
  api: TenantApi;
  name: string;
  tab: Tab;
}) {
  const words = t.value.network;
  const of = api.network(name);
  const network = useLive((signal) => of.get(signal), [tenant, name], 15_000);
  const traffic = useTraffic(of, [tenant, name]);
  return (
    <Screen title={words.title(name)} lead={network.data && <Facts network={network.data} />}>
      <Tiles traffic={traffic} />
      <ProblemBox problem={traffic.problem} retry={traffic.reload} />
      <nav class="tabs" aria-label={words.title(name)}>
        <ul>
          {TABS.map((one) => {
            const to = href({ screen: "network", tenant, network: name, tab: one });
            return (
              <li key={one}>
                <a href={to} aria-current={one === tab ? "page" : undefined}>
                  {words.tabs[one]}
                </a>
              </li>
            );
          })}
        </ul>
      </nav>
      <Loaded
        live={network}
        show={(data) => tabOf(tab, { tenant: api, api: of, network: data, traffic, reload: network.reload })}
      />
    </Screen>
  );
}

function Facts({ network: { vni, subnet, prefix6, mtu, mode, group } }: { network: Network }) {
  const { networks, none } = t.value;

  const facts: [label: string, value: VNode | string][] = [
    ["VNI", <code>{String(vni)}</code>],
    [networks.subnet, subnet === null ? none : <code>{subnet}</code>],
    [networks.prefix6, prefix6 === null ? "" : <code>{prefix6}</code>],
    [networks.group, <code>{group}</code>],
    ["MTU", formats.value.count(mtu)],
    [networks.mode, networks.modes[mode]],
  ];
  return (
    <dl class="facts">
      {facts.map(
        ([label, value]) =>
          value !== "" && (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function tabOf(tab: Tab, props: TabProps) {
  switch (tab) {
    case "members":
      return <Members {...props} />;
    case "fdb":
      return <Fdb {...props} />;
    case "groups":
      return <Groups {...props} />;
    case "neighbours":
      return <Neighbours {...props} />;
    case "drops":
      return <Drops {...props} />;
    case "addresses":
      return <Addresses {...props} />;
    case "trace":
      return <TraceForm {...props} />;
    case "settings":
      return <Settings {...props} />;
  }
}
