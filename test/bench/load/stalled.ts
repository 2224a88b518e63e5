/**
 * A sender sends at full speed to a receiver that stops reading after a while: `stalled.ts URL TOKEN READING STOPPED`,
 * both in seconds. Prints `reading`, `stopped` and `end`.
 */
import { setTimeout as delay } from "node:timers/promises";
import { clientMessage, PlainClient } from "./plain-client.ts";
import { records } from "./records.ts";
import { say } from "./say.ts";

const PAYLOAD = 1_500;
const BATCH = 32;

const [href = "", token = "", reading = "5", stopped = "10"] = process.argv.slice(2);
const open = () => PlainClient.open({ url: new URL(href), token });
const [sender, receiver] = [await open(), await open()];
const [from, to] = [0x02_00_00_00_01_01, 0x02_00_00_00_01_02];
// Lets the relay learn its address.
receiver.send(clientMessage(records(receiver.vni, { from: to, to: from, payload: 64, count: 1 })));
await delay(100);
const message = clientMessage(records(sender.vni, { from, to, payload: PAYLOAD, count: BATCH }));

async function push(): Promise<never> {
  for (;;) if (!sender.send(message)) await sender.drained();
}
push().catch(() => {});
say({ event: "reading" });
await delay(Number(reading) * 1_000);
const read = receiver.bytes;
receiver.stopReading();
say({ event: "stopped", read });
await delay(Number(stopped) * 1_000);
say({ event: "end" });
process.exit(0);
