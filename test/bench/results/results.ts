// The file that a run writes with --json and test/bench/plot.ts reads. Each part exists if it was measured.

export interface Results {
  readonly machine: Machine;
  readonly micro?: readonly MicroResult[];
  readonly start?: readonly StartResult[];
  readonly systems?: readonly SystemResult[];
  readonly uplink?: readonly UplinkResult[];
  readonly hub?: HubResult;
}

export interface Machine {
  /** When the run began, ISO 8601 in UTC. */
  readonly at: string;
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  /** The measured commit, with a `+` if files differed from it. */
  readonly commit: string;
  /** Seconds of one measurement. */
  readonly seconds: number;
  readonly repetitions: number;
}

export interface MicroResult {
  readonly step: string;
  readonly nanoseconds: number;
}

/** How long a command takes: a median. */
export interface StartResult {
  readonly command: string;
  readonly milliseconds: number;
  /** The same as a multiple of `node -e 0`. */
  readonly ratio: number;
}

/** One overlay; each list has one figure per repetition. */
export interface SystemResult {
  readonly name: string;
  readonly label: string;
  readonly kind: "own" | "peer" | "kernel";
  readonly figures: Figures;
  /** The reason why it was not measured completely. */
  readonly error?: string;
}

export interface Figures {
  readonly gbps: number[];
  readonly gbpsOf4: number[];
  /** Seconds of processor time of all the overlay's processes per 10^9 bits of payload, with one stream. */
  readonly cpuPerGbit: number[];
  readonly retransmits: number[];
  /** 64-byte UDP payloads per second. */
  readonly arrivedPerSecond: number[];
  readonly medianMs: number[];
  readonly p99Ms: number[];
  /** Seconds of processor time of other processes during all of these. */
  readonly foreign: number[];
}

/** Round trips while one kind of traffic fills the client's uplink. */
export interface UplinkResult {
  readonly name: string;
  readonly label: string;
  readonly tcp: { readonly medianMs: number; readonly share: number; readonly retransmits: number };
  readonly udp: { readonly medianMs: number; readonly share: number };
  readonly seconds: number;
  readonly foreign: number;
}

export interface HubResult {
  readonly broadcast: readonly BroadcastResult[];
  readonly idle: { readonly sessions: number; readonly kibEach: number };
  readonly stalled: StalledResult;
}

export interface BroadcastResult {
  readonly members: number;
  /** Number of broadcasts in one message of the sender. */
  readonly batch: number;
  readonly deliveriesPerSecond: number;
  /** Share of one core. */
  readonly relayCpu: number;
  readonly readersCpu: number;
  readonly foreign: number;
}

export interface StalledResult {
  readonly seconds: number;
  /** The relay's memory before the load. */
  readonly atRestMib: number;
  /** Medians and maximum of its memory while the receiver reads, and after it has stopped. */
  readonly beforeMib: number;
  readonly afterMib: number;
  readonly mostMib: number;
  /** Results of another pair during the load. */
  readonly beside: { readonly before: Delays; readonly after: Delays };
}

export interface Delays {
  readonly sent: number;
  readonly arrived: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}
