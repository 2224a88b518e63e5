import type { JSX } from "preact";
import { Icon, Mark as Logo } from "../../../shared/ui/icon.tsx";
import { StateMark } from "../../../shared/ui/state-mark.tsx";
import { useLocale, useStore } from "../state/context.ts";
import { SCREENS } from "../state/route.ts";

/** Links to every screen, and the state of the service. */
export function Sidebar(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const current = store.router.route.value.screen;
  const agent = store.app?.agent;
  return (
    <nav class="sidebar" aria-label={t.app.navigation}>
      <div class="brand">
        <Logo />
        <span>Laneway</span>
      </div>
      <div class="nav">
        {SCREENS.map((screen) => (
          <button
            key={screen}
            type="button"
            class="nav-link"
            aria-current={screen === current ? "page" : undefined}
            onClick={() => store.router.go({ screen })}
          >
            <Icon name={screen} />
            <span>{t.screens[screen]}</span>
          </button>
        ))}
      </div>
      {agent === undefined ? null : (
        <div class="sidebar-foot">
          <StateMark
            tone={agent.state === "connected" ? "good" : agent.state === "connecting" ? "warn" : "bad"}
            pulse={agent.state === "connecting"}
          >
            {t.service[agent.state]}
          </StateMark>
          {agent.state === "connected" && !agent.may_change ? <span>{t.service.readOnly}</span> : null}
        </div>
      )}
    </nav>
  );
}
