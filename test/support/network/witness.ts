// A member that only listens, leaves and returns, run as a program: `URL TOKEN VNI NAME FILE`. Writes every received
// byte into the file, control messages and frames.
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { TunnelClient } from "../relay/client.ts";

const [url = "", token = "", vni = "", name = "", file = ""] = process.argv.slice(2);
let isOver = false;
process.once("SIGTERM", () => {
  isOver = true;
});

function write(client: TunnelClient): void {
  for (const control of client.takeControls()) appendFileSync(file, `${JSON.stringify(control)}\n`);
  for (const { frame } of client.takeRecords()) appendFileSync(file, frame);
  for (const frame of client.takeHubFrames()) appendFileSync(file, frame);
}

async function join(client: TunnelClient): Promise<void> {
  appendFileSync(file, `${JSON.stringify(await client.join(Number(vni)))}\n`);
}

await using stays = await TunnelClient.welcomed(url, token, { name });
await join(stays);
process.stdout.write(`${JSON.stringify({ event: "ready" })}\n`);
while (!isOver) {
  // The other member hears of it.
  await using comes = await TunnelClient.welcomed(url, token, { name: `${name}-again` });
  await join(comes);
  await delay(200);
  await comes.sync();
  await stays.sync();
  write(comes);
  write(stays);
}
