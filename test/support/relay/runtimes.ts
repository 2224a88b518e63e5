// Tests of the relay under each supported runtime.
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { callingTest, requires } from "../requirements.ts";
import { RelayProcess, type Runtime } from "./relay-process.ts";

const repository = join(import.meta.dirname, "../../..");

export const NODE: Runtime = {
  name: "Node",
  command: process.execPath,
  args: [join(repository, "bin/laneway.js"), "relay"],
};

export const DENO: Runtime = {
  name: "Deno",
  command: join(repository, "node_modules/.bin/deno"),
  args: ["run", "--allow-all", join(repository, "relay/deno.ts")],
};

/**
 * The test files that run under Deno on every commit, by what differs there: Deno's `node:` modules are its own code.
 * All other files ask for code of ours that is the same under both runtimes. They run under Deno every night.
 */
export const DENO_ON_EVERY_COMMIT = {
  // `node:net`, `node:tls` and `node:dgram`: upgrade, closing, backpressure, limits on connections, UDP.
  sockets: [
    "end-to-end/relay/tenants/ports.test.ts",
    "end-to-end/relay/wire/opening.test.ts",
    "end-to-end/relay/wire/records.test.ts",
    "end-to-end/relay/wire/slow-receiver.test.ts",
    "relay/arrivals/connections.test.ts",
  ],
  // `node:http`: hosts, headers, pipelining, limits, bodies that are streamed.
  http: [
    "end-to-end/page/serving.test.ts",
    "relay/arrivals/request-queue.test.ts",
    "relay/http/app.test.ts",
    "relay/http/long-inputs.test.ts",
    "relay/http/observation/live.test.ts",
    "relay/origin.test.ts",
  ],
  // `node:sqlite` and `node:fs`: locks, a full disk, a kill in the middle of a transaction.
  store: [
    "end-to-end/relay/running/backup.test.ts",
    "end-to-end/relay/running/disk-full.test.ts",
    "end-to-end/relay/running/sigkill.test.ts",
  ],
  // Options, standard output, signals, exit codes, certificates that are read again.
  process: [
    "end-to-end/relay/running/certificate-renewal.test.ts",
    "end-to-end/relay/running/restart.test.ts",
    "end-to-end/relay/running/startup.test.ts",
    "end-to-end/relay/running/tls.test.ts",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

const tests = join(repository, "test");
const onEveryCommit = new Set(
  Object.values(DENO_ON_EVERY_COMMIT).flatMap((files) => files.map((file) => join(tests, file))),
);

/**
 * Describes the same behaviour of the relay under Node and under Deno. Under Deno only in the files that
 * `DENO_ON_EVERY_COMMIT` names, unless `LANEWAY_TEST_DENO` is `all`, as `npm run test:deno` sets it.
 */
export function underEachRuntime(what: string, describeIt: (runtime: Runtime) => void): void {
  describe(`${what}, under Node`, () => describeIt(NODE));
  if (process.env["LANEWAY_TEST_DENO"] !== "all" && !onEveryCommit.has(callingTest())) return;
  describe.runIf(requires("deno"))(`${what}, under Deno`, () => describeIt(DENO));
}

/** Returns a relay for all tests of a `describe`. */
export function sharedRelay(runtime: Runtime, args: readonly string[] = []): () => RelayProcess {
  let relay: RelayProcess | undefined;
  beforeAll(async () => {
    relay = await RelayProcess.start(runtime, { args });
  });
  afterAll(async () => {
    await relay?.[Symbol.asyncDispose]();
  });
  return () => {
    if (relay === undefined) throw new Error("the relay did not start");
    return relay;
  };
}
