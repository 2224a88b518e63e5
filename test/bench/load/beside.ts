/**
 * A pair that is not part of the load: `beside.ts URL TOKEN`. One sends the other a frame every few
 * milliseconds. For each line on its standard input it prints the results since the last: `interval`.
 */
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { OPCODE_BINARY } from "../../../system/websocket/frame.ts";
import { quantile } from "../results/quantile.ts";
import { clientMessage, PlainClient } from "./plain-client.ts";
import { recordBytes, records } from "./records.ts";
import { say } from "./say.ts";
import { ServerMessages } from "./server-messages.ts";

const PAYLOAD = 200;
const INTERVAL_MS = 2;
/** Milliseconds in which the last frames of an interval arrive. */
const SETTLE_MS = 500;

const [href = "", token = ""] = process.argv.slice(2);
const url = new URL(href);
const [one, other] = [0x02_00_00_00_02_01, 0x02_00_00_00_02_02];
/** Send times of frames that have not arrived. The path keeps their order, and loses none unless something is wrong. */
const underWay: number[] = [];
let delays: number[] = [];
let sent = 0;
const messages = new ServerMessages();
const receiver = await PlainClient.open({
  url,
  token,
  received: (bytes) => {
    for (const { opcode, payload } of messages.read(bytes)) {
      if (opcode !== OPCODE_BINARY) continue;
      for (let i = payload.length / recordBytes(PAYLOAD); i > 0; i--) {
        const at = underWay.shift();
        if (at !== undefined) delays.push(performance.now() - at);
      }
    }
  },
});
const sender = await PlainClient.open({ url, token });
receiver.send(clientMessage(records(receiver.vni, { from: other, to: one, payload: 64, count: 1 })));
await delay(SETTLE_MS);
const message = clientMessage(records(sender.vni, { from: one, to: other, payload: PAYLOAD, count: 1 }));
let sending = true;
setInterval(() => {
  if (!sending) return;
  sent++;
  underWay.push(performance.now());
  sender.send(message);
}, INTERVAL_MS);
say({ event: "ready" });

for await (const _line of createInterface({ input: process.stdin })) {
  sending = false;
  await delay(SETTLE_MS);
  const [medianMs, p99Ms] = [quantile(delays, 0.5), quantile(delays, 0.99)];
  say({ event: "interval", sent, arrived: delays.length, medianMs, p99Ms });
  delays = [];
  underWay.length = 0;
  sent = 0;
  sending = true;
}
process.exit(0);
