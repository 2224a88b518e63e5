/** The agent's part of the app: its state, changes and captures; and the window, which receives it all. */
import { Fault } from "../../../shared/values/fault.ts";
import type { AgentLink, BridgeEvent, BridgeEventData } from "../../rpc/bridge.ts";
import type { EventData, EventName } from "../../rpc/schema.ts";
import type { TrayState } from "../tray.ts";
import { AgentConnection, type AgentConnectionOptions } from "./agent-connection.ts";
import { CaptureFiles } from "./capture-files.ts";
import { type NetworkChange, NetworkWatch } from "./network-watch.ts";

export interface AgentSideOptions extends Pick<AgentConnectionOptions, "connect" | "unsupported"> {
  /** Sends an event to the window. */
  readonly send: <E extends BridgeEvent>(event: E, data: BridgeEventData<E>) => void;
  /** Something happened that the user may want to be notified of. */
  readonly happened: (change: NetworkChange) => void;
  /** The tray's state may have changed. */
  readonly refreshed: () => void;
  /** Called with bugs of the app. */
  readonly report: (error: unknown) => void;
}

export class AgentSide {
  readonly connection: AgentConnection;
  readonly captures: CaptureFiles;
  readonly #options: AgentSideOptions;
  readonly #watch: NetworkWatch;

  constructor(options: AgentSideOptions) {
    this.#options = options;
    this.connection = new AgentConnection({
      connect: options.connect,
      unsupported: options.unsupported ?? null,
      hear: (name, data) => this.#hear(name, data),
      changed: (link) => this.#linkChanged(link),
    });
    this.captures = new CaptureFiles({
      agent: this.connection.call,
      changed: (state) => options.send("app.capture", state),
    });
    this.#watch = new NetworkWatch(options.happened, () => performance.now());
  }

  get state(): TrayState {
    return { agent: this.connection.link.state, networks: this.#watch.networks };
  }

  #linkChanged(link: AgentLink): void {
    this.#options.send("app.agent", link);
    if (link.state === "connected") {
      this.#begin(link).catch((error) => {
        // The end of the connection is reported separately.
        if (!(error instanceof Fault && error.code === "agent.gone")) this.#options.report(error);
      });
    } else {
      this.captures.lost();
      this.#watch.reset([]);
    }
    this.#options.refreshed();
  }

  async #begin({ may_change: mayChange }: AgentLink): Promise<void> {
    const { call } = this.connection;
    const { networks } = await call("status", {});
    this.#watch.reset(networks);
    const up = networks.filter(({ state }) => state === "up");
    await Promise.all(
      up.map(async ({ id }) => this.#watch.peersKnown(id, (await call("peers", { network: id })).peers)),
    );
    this.#options.refreshed();
    await call("subscribe", {
      topics: mayChange ? ["status", "peers", "traffic", "logs"] : ["status", "peers", "traffic"],
    });
  }

  #hear<E extends EventName>(name: E, data: EventData<E>): void {
    const event = { name, data } as { [N in EventName]: { name: N; data: EventData<N> } }[EventName];
    switch (event.name) {
      case "capture":
        return this.captures.heard(event.data);
      case "done":
        if (this.captures.done(event.data)) return;
        break;
      case "changed":
        this.#watch.networksChanged(event.data);
        this.#options.refreshed();
        break;
      case "peer":
        this.#watch.peerChanged(event.data);
        break;
    }
    this.#options.send(event.name, event.data);
  }
}
