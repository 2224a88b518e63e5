import { parseArgs } from "node:util";
import { usage } from "../../shared/values/fault.ts";

export const PARTS = ["micro", "start", "path", "uplink", "hub", "peers", "all"] as const;
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  /** The measurements; undefined is micro and path. */
  readonly part: Part | undefined;
  /** The overlays that `peers` compares; none means all. */
  readonly names: readonly string[];
  /** Seconds of one measurement, if given; otherwise each part has its own default. */
  readonly seconds: number | undefined;
  readonly repetitions: number;
  /** Seconds to wait until a busy machine becomes quiet. */
  readonly quiet: number;
  /** The file for the results. */
  readonly json: string | undefined;
}

export const HELP = `npm run bench -- [PART] [OPTION…]

  (none)         micro and path
  micro          single steps of a frame's way
  start          how long commands take to start, beside Node's own start
  path           the whole path, beside the kernel's own (root)
  uplink         round trips while a client's uplink is full (root)
  hub            a broadcast, idle sessions, a receiver that stops reading (root)
  peers [NAME…]  the whole path beside other overlays that are installed (root)
  all            everything, path and peers in one run (root)

  --seconds N    of one measurement (path, peers, hub's broadcast: 3; uplink, a stopped receiver: 10)
  --repeat N     repetitions of path and peers (1)
  --quiet N      seconds to wait for others on this machine to be quiet before each measurement (60)
  --json FILE    write the results there too, for test/bench/plot.ts
`;

/** @throws Fault for invalid arguments; @returns undefined if the user asked for help */
export function benchOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [first, ...names] = positionals;
  const part = PARTS.find((one) => one === first);
  if (first !== undefined && part === undefined) throw wrong(`there is no part '${first}'`);
  if (names.length > 0 && part !== "peers") throw wrong(`'${names[0]}' is one argument too many`);
  const number = (name: "seconds" | "repeat" | "quiet", least: number): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw wrong(`'${text}' for --${name} is no number from ${least} on`);
    return value;
  };
  return {
    part,
    names,
    seconds: number("seconds", 1),
    repetitions: number("repeat", 1) ?? 1,
    quiet: number("quiet", 0) ?? 60,
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: "boolean" },
        seconds: { type: "string" },
        repeat: { type: "string" },
        quiet: { type: "string" },
        json: { type: "string" },
      },
    });
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

function wrong(message: string): Error {
  return usage("usage.bench", message, "'npm run bench -- --help' says what there is.");
}
