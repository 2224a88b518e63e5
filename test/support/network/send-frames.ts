// Sends frames out of an interface, run as a program: `INTERFACE times N FRAME…`, paced so that a TAP's queue holds
// them, or `INTERFACE seconds N FRAME…`, as fast as possible. Frames are hexadecimal; prints how many the kernel took.
import { setTimeout as delay } from "node:timers/promises";
import { PacketSocket } from "../../desktop/agent/tap/packet-socket.ts";

/** Our TAP's queue holds 128, and its reader may be delayed on a busy machine. */
const BURST = 20;
const PAUSE_MS = 10;

const [name = "", mode, amount, ...texts] = process.argv.slice(2);
const frames = texts.map((text) => Buffer.from(text, "hex"));
const socket = new PacketSocket(name);
let sent = 0;

if (mode === "seconds") {
  for (const end = performance.now() + Number(amount) * 1_000; performance.now() < end; ) {
    for (const frame of frames) {
      try {
        socket.send(frame);
        sent++;
      } catch {
        // The queue is full, as expected.
      }
    }
  }
} else {
  for (let i = 0; i < Number(amount); i++) {
    for (const frame of frames) {
      socket.send(frame);
      sent++;
      if (sent % BURST === 0) await delay(PAUSE_MS);
    }
  }
}
socket.close();
process.stdout.write(`${sent}\n`);
