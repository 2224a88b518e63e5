import { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { residentBytes } from "../../../bench/machine/processes.ts";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const MEBIBYTE = 2 ** 20;
/** More than the kernel would ever buffer for a connection. */
const FLOOD_BYTES = 64 * MEBIBYTE;

/** Generous, because a busy machine needs time to send this much. */
const TIMEOUT_MS = 180_000;

underEachRuntime("a client that stops reading", (runtime) => {
  const relay = sharedRelay(runtime);

  it("loses what it does not read, and delays no other client", { timeout: TIMEOUT_MS }, async () => {
    const { token, vni } = await relay().network();
    await using sends = await TunnelClient.joined(relay().url, token, vni);
    await using hangs = await TunnelClient.joined(relay().url, token, vni);
    await using reads = await TunnelClient.joined(relay().url, token, vni);
    // Learnt, so that none of the flood reaches the reading client.
    await hangs.send(packet(vni, ethernet(BROADCAST, station(2))));
    await reads.send(packet(vni, ethernet(BROADCAST, station(3))));
    for (const client of [hangs, reads]) await client.sync();
    hangs.takeRecords();
    reads.takeRecords();
    const frame = Buffer.alloc(60_000);
    ethernet(station(2), station(1)).copy(frame);
    const flood = Buffer.concat(Array.from({ length: 4 }, () => packet(vni, frame)));
    hangs.pause();

    let sent = 0;
    for (let round = 0; sent < FLOOD_BYTES; round++) {
      await sends.send(flood);
      sent += flood.length;
      await sends.send(packet(vni, ethernet(station(3), station(1), `round ${round}`)));
      expect(payloadOf(await reads.frame())).toBe(`round ${round}`);
    }

    // The client now receives what was queued for it, in order.
    hangs.resume();
    await hangs.sync();
    expect(hangs.receivedBytes).toBeGreaterThan(0);
    expect(hangs.receivedBytes).toBeLessThan(FLOOD_BYTES / 2);
    // The pong overtakes queued frames, and those without room are lost.
    const payloads: string[] = [];
    while (!payloads.includes("awake")) {
      await sends.send(packet(vni, ethernet(station(2), station(1), "awake")));
      await sends.sync();
      await hangs.sync();
      payloads.push(...hangs.takeRecords().map((record) => payloadOf(record.frame)));
    }
  });

  it.each<[string, (client: TunnelClient) => void]>([
    ["answers", (client) => client.say({ type: "leave", vni: 1 })],
    ["pongs", (client) => client.say({ type: "ping", id: "x".repeat(64) })],
    ["pongs of the WebSocket", (client) => client.poke(Buffer.alloc(120))],
  ])(
    "can't fill the relay's memory with %s that it does not take",
    { timeout: TIMEOUT_MS },
    async (_what, ask) => {
      await using own = await RelayProcess.start(runtime);
      const { token } = await own.network();
      await using hangs = await TunnelClient.welcomed(own.url, token);
      const before = residentBytes(own.pid);
      hangs.pause();

      // Each is answered by some hundred bytes, which take several hundred in memory.
      for (let i = 0; i < 40 && hangs.end === undefined; i++) {
        for (let j = 0; j < 10_000; j++) ask(hangs);
        // Sending may fail: a relay may also stop reading, or end the session.
        await Promise.race([hangs.send(Buffer.from([9, 0, 0, 0])), hangs.closed, delay(100)]);
      }
      await using other = await TunnelClient.welcomed(own.url, token);
      await other.sync();

      expect(residentBytes(own.pid) - before).toBeLessThan(100 * MEBIBYTE);
    },
  );
});
