/**
 * A member of a network broadcasts, and others count the frames: `broadcast.ts URL TOKEN MEMBERS BATCH SECONDS`.
 * Prints `ready`, begins when its standard input ends, and prints `begin` and `end`, with the figures, as JSON lines.
 */
import { finished } from "node:stream/promises";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { clientMessage, PlainClient } from "./plain-client.ts";
import { BROADCAST, recordBytes, records } from "./records.ts";
import { say } from "./say.ts";

const PAYLOAD = 1_500;
const WARM_MS = 1_000;
/** Greatest number of records in transit to each reader, so that the relay need not queue. */
const AHEAD = 128;

const [href = "", token = "", members = "100", batch = "1", seconds = "3"] = process.argv.slice(2);
const open = () => PlainClient.open({ url: new URL(href), token });
const readers: PlainClient[] = [];
for (let i = 0; i < Number(members); i++) readers.push(await open());
const sender = await open();
const from = 0x02_00_00_00_00_01;
const message = clientMessage(
  records(sender.vni, { from, to: BROADCAST, payload: PAYLOAD, count: Number(batch) }),
);
const delivered = () => readers.reduce((sum, { bytes }) => sum + bytes, 0) / recordBytes(PAYLOAD);

let sent = 0;
let pushing = true;
const first = delivered();
const push = async () => {
  while (pushing) {
    if (sent - (delivered() - first) / readers.length < AHEAD) {
      sent += Number(batch);
      if (!sender.send(message)) await sender.drained();
    } else {
      await nextTurn();
    }
  }
};
say({ event: "ready" });
process.stdin.resume();
await finished(process.stdin);
const pushed = push();
await delay(WARM_MS);
say({ event: "begin" });
const [before, began] = [delivered(), performance.now()];
await delay(Number(seconds) * 1_000);
const perSecond = ((delivered() - before) * 1_000) / (performance.now() - began);
say({ event: "end", perSecond });
pushing = false;
await pushed;
process.exit(0);
