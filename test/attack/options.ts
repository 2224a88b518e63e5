import { parseArgs } from "node:util";
import { usage } from "../../shared/values/fault.ts";
import { FRAMINGS } from "../../system/websocket/framing.ts";
import { ATTACKS } from "./kinds/all.ts";
import type { Transport } from "./stage.ts";

export const HELP = `npm run attack -- [OPTION…]

Plays one tenant that does its worst, and strangers, against a relay with two bystander tenants, and measures that these lose
nothing, see nothing and do not wait. Ends with 1 if something does not hold. All traffic stays on the loopback (127.0.0.0/8).

  --seconds N             in all (30)
  --seed N                begins with this, to have the same choices again (a new one each time)
  --only KIND,…           these attacks alone: ${ATTACKS.map(({ name }) => name).join(", ")}
  --transport plain,tls   how the relay is reached (both)
  --framing own,ws        how the relay frames WebSockets (both)
  --relay-option OPTION   a further option of 'laneway relay', as --relay-option=--trusted-proxy=10.0.0.0/8; may be repeated
  --relay-env NAME=VALUE  a further variable of the relay's environment; may be repeated
  --bound-p50 MS          a bystander's median round trip at most (20)
  --bound-max MS          its longest round trip at most (150)
  --bound-memory MIB      how much the relay may grow (256)
  --bound-after MIB       how much of that may stay once the attacker is gone (256): V8 collects little while the relay is idle
  --gentle                leave the processor to others: attackers run last. Otherwise, as root, relay and bystanders run first
  --json                  print the results as JSON
`;

export interface AttackOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly kinds: readonly string[];
  readonly transports: readonly Transport[];
  readonly relayArgs: readonly string[];
  readonly relayEnv: Readonly<Record<string, string>>;
  /** Whether relay and bystanders run with the highest priority. */
  readonly favoured: boolean;
  readonly bounds: Bounds;
  readonly json: boolean;
}

/** Limits for a pass: times in milliseconds, memory in MiB. */
export interface Bounds {
  readonly p50: number;
  readonly max: number;
  readonly memory: number;
  readonly after: number;
}

/** @returns undefined if the user asked for help @throws Fault for invalid arguments */
export function attackOptions(args: readonly string[]): AttackOptions | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const number = (name: "seconds" | "seed" | "bound-p50" | "bound-max" | "bound-memory" | "bound-after") => {
    const value = Number(values[name]);
    if (Number.isFinite(value) && value > 0) return value;
    throw wrong(`'${values[name]}' for --${name} is not a number above 0`);
  };
  const some = <Choice extends string>(
    name: "only" | "transport" | "framing",
    choices: readonly Choice[],
  ) => {
    const given = values[name]?.split(",") ?? choices;
    return given.map((text) => {
      const choice = choices.find((one) => one === text);
      if (choice !== undefined) return choice;
      throw wrong(`'${text}' for --${name} is none of ${choices.join(", ")}`);
    });
  };
  const transports = some("transport", ["plain", "tls"] as const);
  const framings = some("framing", FRAMINGS);
  return {
    seconds: number("seconds"),
    seed: Math.floor(number("seed")) % 2 ** 31,
    kinds: some(
      "only",
      ATTACKS.map(({ name }) => name),
    ),
    transports: pairs(transports, framings),
    relayArgs: values["relay-option"],
    relayEnv: Object.fromEntries(
      values["relay-env"].map((text) => {
        const at = text.indexOf("=");
        if (at < 1) throw wrong(`'${text}' for --relay-env is not NAME=VALUE`);
        return [text.slice(0, at), text.slice(at + 1)];
      }),
    ),
    favoured: !values.gentle && process.getuid?.() === 0,
    bounds: {
      p50: number("bound-p50"),
      max: number("bound-max"),
      memory: number("bound-memory"),
      after: number("bound-after"),
    },
    json: values.json,
  };
}

/** Returns each transport and each framing at least once: all pairs would halve the time of each for little gain. */
function pairs(transports: readonly string[], framings: readonly Transport["framing"][]): Transport[] {
  const pair = (tls: string | undefined, framing: Transport["framing"] | undefined): Transport[] =>
    tls === undefined || framing === undefined ? [] : [{ tls: tls === "tls", framing }];
  const [first] = framings;
  const [one] = transports;
  return [
    ...transports.flatMap((transport) => pair(transport, first)),
    ...framings.slice(1).flatMap((framing) => pair(one, framing)),
  ];
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h", default: false },
        json: { type: "boolean", default: false },
        gentle: { type: "boolean", default: false },
        seconds: { type: "string", default: "30" },
        seed: { type: "string", default: String(1 + Math.floor(Math.random() * 2 ** 31)) },
        only: { type: "string" },
        transport: { type: "string" },
        framing: { type: "string" },
        "relay-option": { type: "string", multiple: true, default: [] },
        "relay-env": { type: "string", multiple: true, default: [] },
        "bound-p50": { type: "string", default: "20" },
        "bound-max": { type: "string", default: "150" },
        "bound-memory": { type: "string", default: "256" },
        "bound-after": { type: "string", default: "256" },
      },
    });
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

function wrong(message: string): Error {
  return usage("usage.attack", message, "'npm run attack -- --help' shows what there is.");
}
