import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { Announcer } from "../../../shared/ui/announcer.ts";
import type { AgentLink, AppSettings, AppState, Bridge, Outcome } from "../../rpc/bridge.ts";
import type { NetworkState, NetworkStatus, Problem, TestKind } from "../../rpc/shapes.ts";
import { CaptureRun } from "./capture-run.ts";
import { JobRun } from "./job-run.ts";
import { type Locale, localeOf } from "./locale.ts";
import { Logs } from "./logs.ts";
import { Networks } from "./networks.ts";
import { Router } from "./route.ts";
import { shownTheme } from "./theme.ts";

/** The window's state. Each window has one; components get it through a context. */
export class Store {
  readonly bridge: Bridge;
  readonly networks: Networks;
  readonly logs: Logs;
  readonly router = new Router();
  readonly announcer = new Announcer();
  readonly capture: CaptureRun;
  readonly doctor: JobRun;
  readonly tests: Readonly<Record<TestKind, JobRun>>;
  readonly #app = signal<AppState | undefined>(undefined);
  /** The id of the network that the screens about one network show. */
  readonly #chosen = signal<string | undefined>(undefined);
  /** An opened invite link that waits for the user's confirmation. */
  readonly link = signal<string | undefined>(undefined);
  readonly locale: ReadonlySignal<Locale> = computed(() => {
    const app = this.#app.value;
    return localeOf(app?.settings.language ?? "system", app?.locale ?? "en");
  });
  readonly theme: ReadonlySignal<"light" | "dark">;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
    const prefersDark = matchMedia("(prefers-color-scheme: dark)");
    this.theme = shownTheme(() => this.#app.value?.settings.theme ?? "system", prefersDark);
    this.networks = new Networks(bridge);
    this.logs = new Logs(bridge);
    this.capture = new CaptureRun(bridge);
    this.doctor = new JobRun(bridge);
    this.tests = {
      broadcast: new JobRun(bridge),
      multicast: new JobRun(bridge),
      throughput: new JobRun(bridge),
      "path-mtu": new JobRun(bridge),
    };
    bridge.on("app.agent", (agent) => this.#agentChanged(agent));
    bridge.on("app.settings", (settings) => this.#patch({ settings }));
    bridge.on("app.link", ({ link }) => this.#offer(link));
    bridge.on("app.show", ({ screen, network }) => {
      if (screen === "settings") this.router.go({ screen });
      else this.router.go({ screen, ...(network === undefined ? {} : { network }) });
    });
    setInterval(() => this.#tick(), 1_000);
    effect(() => this.#announceStates());
  }

  /** Undefined until the app has answered. */
  get app(): AppState | undefined {
    return this.#app.value;
  }

  get isConnected(): boolean {
    return this.#app.value?.agent.state === "connected";
  }

  /** Whether this user may change settings now. */
  get mayChange(): boolean {
    const agent = this.#app.value?.agent;
    return agent?.state === "connected" && agent.may_change;
  }

  /** Returns the chosen network, or else one that is up, or else the first. */
  get chosen(): NetworkStatus | undefined {
    const list = this.networks.list.value;
    return this.networks.get(this.#chosen.value) ?? list.find(({ state }) => state === "up") ?? list[0];
  }

  choose(id: string): void {
    this.#chosen.value = id;
  }

  async start(): Promise<void> {
    const answer = await this.bridge.call("app.state", {});
    if (!answer.ok) return;
    this.#app.value = answer.result;
    if (answer.result.link !== undefined) this.#offer(answer.result.link);
    if (answer.result.agent.state === "connected") await this.#refresh();
  }

  async retry(): Promise<void> {
    const answer = await this.bridge.call("app.agent.retry", {});
    if (answer.ok) await this.#agentChanged(answer.result);
  }

  async change(settings: Partial<AppSettings>): Promise<Outcome<unknown>> {
    const answer = await this.bridge.call("app.settings.set", settings);
    if (answer.ok) this.#patch({ settings: answer.result });
    return answer;
  }

  /** Copies a text and announces it. */
  async copy(text: string): Promise<boolean> {
    const { ok } = await this.bridge.call("app.copy", { text });
    if (ok) this.announcer.say(this.locale.peek().t.common.copied);
    return ok;
  }

  #patch(change: Partial<AppState>): void {
    const app = this.#app.peek();
    if (app !== undefined) this.#app.value = { ...app, ...change };
  }

  async #agentChanged(agent: AgentLink): Promise<void> {
    this.#patch({ agent });
    if (agent.state === "connected") await this.#refresh();
    else this.networks.unknown();
  }

  async #refresh(): Promise<void> {
    await Promise.all([this.networks.refresh(), this.mayChange ? this.logs.refresh() : undefined]);
  }

  #offer(link: string): void {
    this.link.value = link;
    this.router.go({ screen: "networks", joining: true });
    void this.bridge.call("app.link.taken", {});
  }

  #tick(): void {
    const now = Date.now() / 1_000;
    this.networks.traffic.tick(now);
  }

  readonly #states = new Map<string, NetworkState>();

  /** Announces networks that come up, go down or fail. Ignores their state when the window opened. */
  #announceStates(): void {
    const { t } = this.locale.value;
    for (const { id, network, state } of this.networks.list.value) {
      const before = this.#states.get(id);
      this.#states.set(id, state);
      if (before === undefined || before === state || state === "connecting") continue;
      this.announcer.say(t.states.announce(network, t.states[state]));
    }
  }
}

/** Returns the problem of the connection to the agent as an error with words, or undefined if there is none. */
export function agentProblem({ state }: AgentLink): Problem | undefined {
  const codes = {
    absent: "agent.not-running",
    denied: "agent.not-reachable",
    untrusted: "agent.untrusted-socket",
    incompatible: "agent.version",
  } as const;
  if (state === "connected" || state === "connecting") return undefined;
  return { code: codes[state], message: "", hint: "" };
}
