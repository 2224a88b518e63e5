// Runs the bystanders as a program of their own, so that no attacker's work delays them. Its argument is a
// `BystanderPlan` in JSON. For each line of its input, `begin` or `end`, it prints the results as one line of JSON.
import { createInterface } from "node:readline";
import { quantile } from "../bench/results/quantile.ts";
import { Bystander } from "./bystander.ts";
import type { BystanderPlan } from "./plan.ts";

/** Milliseconds between two checks of the program's own processor time. */
const LOOK_MS = 5;

const { url, seed, tenants } = JSON.parse(process.argv[2] ?? "") as BystanderPlan;
const bystanders = tenants.map((plan) => new Bystander(new URL(url), plan, seed));

let lateMs = 0;
let lookedAt = performance.now();
setInterval(() => {
  const now = performance.now();
  lateMs = Math.max(lateMs, now - lookedAt - LOOK_MS);
  lookedAt = now;
}, LOOK_MS);

function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function begin(): void {
  lateMs = 0;
  for (const bystander of bystanders) bystander.begin();
}

async function end(): Promise<void> {
  const seen = await Promise.all(bystanders.map((bystander) => bystander.end()));
  const sum = (what: "sent" | "received" | "lost" | "duplicates" | "foreign") =>
    seen.reduce((total, one) => total + one[what], 0);
  const trips = seen.flatMap((one) => one.trips);
  const newcomers = seen.flatMap((one) => one.newcomers);
  say({
    event: "seen",
    sent: sum("sent"),
    received: sum("received"),
    lost: sum("lost"),
    duplicates: sum("duplicates"),
    foreign: sum("foreign"),
    p50: quantile(trips, 0.5),
    p99: quantile(trips, 0.99),
    max: quantile(trips, 1),
    trips: trips.length,
    newcomers: newcomers.length,
    newcomerMax: quantile(newcomers, 1),
    refused: seen.flatMap((one) => one.refused),
    problems: seen.flatMap((one) => one.problems),
    lateMs,
  });
}

for (const bystander of bystanders) await bystander.open();
say({ event: "ready" });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "begin") begin();
  else await end();
}
// The parent process has ended.
process.exit(0);
