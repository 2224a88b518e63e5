import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Toast } from "../../shared/ui/toast.tsx";
import { ProblemCard } from "./components/problem-card.tsx";
import { Sidebar } from "./components/sidebar.tsx";
import { AdministrationScreen } from "./screens/administration/administration-screen.tsx";
import { CaptureScreen } from "./screens/capture/capture-screen.tsx";
import { DiagnosticsScreen } from "./screens/diagnostics/diagnostics-screen.tsx";
import { JoinScreen } from "./screens/join/join-screen.tsx";
import { LogsScreen } from "./screens/logs/logs-screen.tsx";
import { NetworkScreen } from "./screens/networks/network-screen.tsx";
import { NetworksScreen } from "./screens/networks/networks-screen.tsx";
import { ServiceScreen } from "./screens/service/service-screen.tsx";
import { SettingsScreen } from "./screens/settings/settings-screen.tsx";
import { TopologyScreen } from "./screens/topology/topology-screen.tsx";
import { useLocale, useStore } from "./state/context.ts";
import { agentProblem } from "./state/store.ts";

/** Draws the screen of the route, or a notice if the screen needs the service and the service is away. */
function Screen(): JSX.Element {
  const store = useStore();
  const route = store.router.route.value;
  if (route.screen === "settings") return <SettingsScreen />;
  if (!store.isConnected) return <ServiceScreen />;
  switch (route.screen) {
    case "networks": {
      if (route.joining === true) return <JoinScreen />;
      const network = store.networks.get(route.network);
      if (network !== undefined) return <NetworkScreen key={network.id} network={network} />;
      return <NetworksScreen />;
    }
    case "topology":
      return <TopologyScreen />;
    case "diagnostics":
      return <DiagnosticsScreen />;
    case "capture":
      return <CaptureScreen />;
    case "logs":
      return <LogsScreen />;
    case "administration":
      return <AdministrationScreen />;
  }
}

/** Limits of everything on the screens: a read-only service, or a system without interfaces. */
function Limits(): JSX.Element | null {
  const agent = useStore().app?.agent;
  if (agent === undefined || agent.state !== "connected") return null;
  const readOnly = { code: "agent.forbidden", message: "", hint: "" };
  return (
    <>
      {agent.tap_problem === null ? null : <ProblemCard problem={agent.tap_problem} mild alert={false} />}
      {agent.may_change ? null : <ProblemCard problem={readOnly} mild alert={false} />}
    </>
  );
}

/** The window. */
export function App(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const content = useRef<HTMLElement>(null);
  const route = store.router.route.value;
  // Every screen opens at its top.
  useEffect(() => content.current?.scrollTo(0, 0), [route]);
  if (store.app === undefined) return <p class="center">{t.app.loading}</p>;
  const problem = agentProblem(store.app.agent);
  return (
    <>
      <button type="button" class="skip" onClick={() => content.current?.focus()}>
        {t.app.skip}
      </button>
      <div class="shell">
        <Sidebar />
        <main class="content" id="content" ref={content} tabIndex={-1}>
          <div class="page limits">
            <Limits />
          </div>
          <Screen key={problem === undefined ? "connected" : "away"} />
        </main>
      </div>
      <Toast announcer={store.announcer} />
    </>
  );
}
