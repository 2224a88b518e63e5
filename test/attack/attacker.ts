// Runs one kind of attack as a program of its own, so that its work does not delay the bystanders. Its argument is an
// `AttackPlan` in JSON. Ends by itself, or when its input does, and prints its report as one line of JSON.
import { constants, setPriority } from "node:os";
import { Arena } from "./arena.ts";
import { ATTACKS } from "./kinds/all.ts";
import type { AttackPlan } from "./plan.ts";

const plan = JSON.parse(process.argv[2] ?? "") as AttackPlan;
const attack = ATTACKS.find(({ name }) => name === plan.kind);
if (attack === undefined) throw new Error(`there is no attack '${plan.kind}'`);
// Real attackers are on other machines and take no processor time from the relay.
if (plan.yields) setPriority(constants.priority.PRIORITY_LOW);
// The parent process has ended.
process.stdin.once("close", () => process.exit(1)).resume();

const arena = new Arena(plan);
function tell(): void {
  const { counts, leaks, leaked } = arena;
  const line = { event: "did", kind: plan.kind, counts: Object.fromEntries(counts), leaks, leaked };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
// The steps before an end from outside count, too.
const teller = setInterval(tell, 500);
await attack.run(arena);
clearInterval(teller);
tell();
arena.close();
process.exit(0);
