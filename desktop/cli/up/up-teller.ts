import { plainText } from "../../../shared/values/plain-text.ts";
import type { LocalNetwork, LocalNetworkStatus } from "../../agent/network/local-network.ts";
import { problemOf } from "../../agent/trust/refusal.ts";
import type { TunnelClientEvents } from "../../agent/tunnel/tunnel-client.ts";
import type { Problem } from "../../rpc/shapes.ts";
import { LiveLine, type LiveState } from "../print/live-line.ts";
import type { Output } from "../print/output.ts";

/** Maximum members of a network that are counted. */
const MAX_MEMBERS = 10_000;

/** Reports events of the networks of a foreground `laneway up`; on a terminal it also shows their state. */
export class UpTeller {
  readonly #output: Output;
  readonly #states = new Map<LocalNetwork, string>();
  /** Other online members by network. */
  readonly #members = new Map<string, Set<string>>();
  readonly #live: LiveLine | undefined;
  readonly #isJson: boolean;
  /** Why the relay of a place is unreachable, while no network of it is up. */
  readonly #troubles = new Map<string, string>();
  /** The last report of a network's refused values. */
  readonly #warned = new Map<string, string>();

  /** @param terminal shows a line with the state, if given */
  constructor(output: Output, terminal: NodeJS.WriteStream | undefined, isJson = false) {
    this.#output = output;
    this.#isJson = isJson;
    this.#live = terminal && new LiveLine(terminal, () => this.#liveState());
  }

  /** @param place of the networks, added to every event */
  events(place: object): TunnelClientEvents {
    const at = JSON.stringify(place);
    const key = (network: string) => JSON.stringify([place, network]);
    return {
      up: (network) => {
        this.#troubles.delete(at);
        const what = network.describe();
        const addresses = [what.address, what.address6].filter((one) => one !== undefined);
        const address = addresses.length === 0 ? "" : `, address ${addresses.join(" and ")}`;
        const names = what.dns === undefined || address === "" ? "" : `, names in ${what.dns.domain}`;
        this.#states.set(network, "up");
        const { warnings } = network;
        this.#warn(key(what.network), warnings);
        this.#tell(
          { event: "up", ...what, ...(warnings.length > 0 && { warnings }), ...place },
          what.tap === undefined
            ? `${what.network} is up: for virtual machines`
            : `${what.network} is up: ${whereIs(what)}, MAC ${what.mac}${address}${names}`,
        );
      },
      reconnecting: (affected, { message: reason, hint }, delayMs) => {
        const seconds = (delayMs / 1_000).toFixed(1);
        // The next step is printed once, not at each attempt.
        const advice = this.#troubles.get(at) === reason ? "" : `  ${hint}\n`;
        this.#troubles.set(at, reason);
        this.complain(`laneway: ${reason}; trying again in ${seconds} s\n${advice}`);
        for (const network of affected) {
          const what = network.describe();
          this.#states.set(network, "reconnecting");
          this.#members.delete(key(what.network));
          this.#tell({ event: "reconnecting", ...what, ...place, reason }, `${what.network} is reconnecting`);
        }
      },
      refused: (refusals) => {
        const warnings = refusals.map(({ fault }) => problemOf(fault));
        this.#warn(key(""), warnings);
        if (this.#isJson) this.#tell({ event: "warning", warnings, ...place }, "");
      },
      notice: (code, message) => this.complain(`laneway: ${code}: ${message}\n`),
      interface: ({ offer }, { kind, message, problem }) => {
        const hint = problem === undefined ? "" : `  ${problem.hint}\n`;
        this.complain(`laneway: ${offer.name}: ${message}\n${hint}`);
        if (this.#isJson)
          this.#tell({ event: "interface", network: offer.name, kind, message, ...place }, "");
      },
      down: (network) => {
        const what = network.describe();
        this.#states.delete(network);
        this.#members.delete(key(what.network));
        this.#tell({ event: "down", ...what, ...place }, `${what.network} is down`);
      },
      members: (network, members) => {
        this.#members.set(key(network), new Set(members.slice(0, MAX_MEMBERS).map(({ vtep }) => vtep)));
      },
      member: (network, event, { vtep }) => {
        const there = this.#members.get(key(network));
        if (event === "left") there?.delete(vtep);
        else if (there !== undefined && there.size < MAX_MEMBERS) there.add(vtep);
      },
    };
  }

  /** Prints a note for people. */
  note(words: string): void {
    this.#above(() => this.#output.note(words));
  }

  /** Writes lines to standard error. */
  complain(text: string): void {
    const lines = text.split("\n").map((line) => plainText(line));
    this.#above(() => process.stderr.write(lines.join("\n")));
  }

  /** Reports the relay's refused values, once and not at each connection. */
  #warn(about: string, warnings: readonly Problem[]): void {
    const text = warnings.map(({ message, hint }) => `laneway: ${message}\n  ${hint}\n`).join("");
    if (text !== "" && this.#warned.get(about) !== text) this.complain(text);
    this.#warned.set(about, text);
  }

  close(): void {
    this.#live?.close();
  }

  #tell(event: object, words: string): void {
    this.#above(() => this.#output.event({ ...event }, words));
  }

  #above(write: () => void): void {
    if (this.#live === undefined) write();
    else this.#live.above(write);
  }

  #liveState(): LiveState {
    const networks = [...this.#states].map(([network, state]) => ({ name: network.offer.name, state }));
    const ports = [...this.#states.keys()].flatMap(({ port }) => port ?? []);
    const members = [...this.#members.values()].reduce((sum, { size }) => sum + size, 0);
    const [trouble] = this.#troubles.values();
    return {
      networks,
      trouble,
      rxBytes: ports.reduce((sum, { txBytes }) => sum + txBytes, 0),
      txBytes: ports.reduce((sum, { rxBytes }) => sum + rxBytes, 0),
      members: this.#members.size === 0 ? undefined : members,
    };
  }
}

function whereIs({ tap, vlan }: LocalNetworkStatus): string {
  if (vlan === undefined) return `interface ${tap}`;
  return vlan === "untagged" ? `interface ${tap}, untagged` : `interface ${tap}, VLAN ${vlan}`;
}
