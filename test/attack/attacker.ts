// One kind of attack, run as a program of its own, so that the bystanders' program is not delayed by its work: an `AttackPlan` in
// JSON. Ends by itself, or when its input does, and tells what it did as one line of JSON.
import { constants, setPriority } from "node:os";
import { Arena } from "./arena.ts";
import { ATTACKS } from "./kinds/all.ts";
import type { AttackPlan } from "./plan.ts";

const plan = JSON.parse(process.argv[2] ?? "") as AttackPlan;
const attack = ATTACKS.find(({ name }) => name === plan.kind);
if (attack === undefined) throw new Error(`there is no attack '${plan.kind}'`);
// Attackers are elsewhere in truth, and would not take processor time from the relay.
if (plan.yields) setPriority(constants.priority.PRIORITY_LOW);
// The one that started it is gone.
process.stdin.once("close", () => process.exit(1)).resume();

const arena = new Arena(plan);
function tell(): void {
  const { counts, leaks, leaked } = arena;
  const line = { event: "did", kind: plan.kind, counts: Object.fromEntries(counts), leaks, leaked };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
// What an attack did until it is ended from outside counts, too.
const teller = setInterval(tell, 500);
await attack.run(arena);
clearInterval(teller);
tell();
arena.close();
process.exit(0);
