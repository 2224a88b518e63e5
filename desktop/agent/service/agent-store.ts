import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Fault } from "../../../shared/values/fault.ts";
import { makePrivateDirectory, writePrivate } from "../../../system/private-file.ts";
import { type Settings, settings } from "../../rpc/shapes.ts";
import { reachRecord } from "../reach/reach.ts";

const keptNetwork = z.object({
  relay: z.url({ protocol: /^https?$/ }),
  /** Null for access by token. */
  tenant: z.string().nullable(),
  network: z.string(),
  token: z.string().optional(),
  wanted: z.boolean(),
  autostart: z.boolean(),
  tap: z.string().optional(),
  address: z.string().optional(),
  /** MAC address of its interface, once it had one: it stays the same even if the agent runs as another user. */
  mac: z.string().optional(),
  offload: z.boolean().optional(),
  allow_overlap: z.boolean().optional(),
  /** How its relay is reached, if given for this network. */
  reach: reachRecord.optional(),
});

const kept = z.object({
  version: z.literal(1),
  /** ID of the boot in which it was written. */
  boot: z.string(),
  settings: settings.extend({ log_level: settings.shape.log_level.default("info") }).prefault({}),
  networks: z.array(keptNetwork).default([]),
  admins: z
    .array(z.object({ relay: z.string(), token: z.string(), reach: reachRecord.optional() }))
    .default([]),
});

/** The stored request for a network. */
export type KeptNetwork = z.infer<typeof keptNetwork>;

export type KeptAdmin = z.infer<typeof kept>["admins"][number];

export interface AgentState {
  settings: Settings;
  networks: KeptNetwork[];
  /** Administrators' tokens by relay, and how to reach the relay. */
  admins: KeptAdmin[];
}

/** The agent's state in its directory: one file, readable only by its owner. */
export class AgentStore {
  readonly #directory: string;
  readonly #boot: string;

  /** @param boot ID of this boot; see {@link bootId} */
  constructor(directory: string, boot: string = bootId()) {
    this.#directory = directory;
    this.#boot = boot;
  }

  /**
   * Loads the state. After a reboot, networks that should not return are no longer wanted.
   *
   * @throws Fault `state.corrupt`, `state.unreadable`
   */
  load(): AgentState {
    let text: string;
    try {
      text = readFileSync(this.#file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unreadable(this.#file, error);
      return { settings: { log_level: "info" }, networks: [], admins: [] };
    }
    let state: z.infer<typeof kept>;
    try {
      state = kept.parse(JSON.parse(text));
    } catch {
      // Without the cause: parser messages quote their input, which contains tokens.
      throw new Fault({
        code: "state.corrupt",
        message: `'${this.#file}' is not the agent's state`,
        hint: "Restore a copy of it, or move it away: devices stay enrolled, but you must bring networks up again.",
      });
    }
    const same = state.boot === this.#boot;
    const networks = state.networks.map((one) => ({ ...one, wanted: one.wanted && (same || one.autostart) }));
    return { settings: state.settings, networks, admins: state.admins };
  }

  /** @throws Fault `state.unwritable` */
  save({ settings, networks, admins }: AgentState): void {
    const state: z.input<typeof kept> = { version: 1, boot: this.#boot, settings, networks, admins };
    try {
      makePrivateDirectory(this.#directory);
      writePrivate(this.#file, `${JSON.stringify(state, undefined, 2)}\n`);
    } catch (error) {
      throw new Fault({
        code: "state.unwritable",
        message: `the state directory '${this.#directory}' can't be used: ${error instanceof Error ? error.message : error}`,
        hint: "Name one that the agent's user may write, with LANEWAY_STATE.",
        cause: error,
      });
    }
  }

  get #file(): string {
    return join(this.#directory, "agent.json");
  }
}

/** Returns the ID of this boot; empty if the system has none. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

function unreadable(file: string, cause: unknown): Fault {
  return new Fault({
    code: "state.unreadable",
    message: `'${file}' can't be read: ${cause instanceof Error ? cause.message : cause}`,
    hint: "It belongs to the agent's user: run the agent as that user, or name another directory with LANEWAY_STATE.",
    cause,
  });
}
