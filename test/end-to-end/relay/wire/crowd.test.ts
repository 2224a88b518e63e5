import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { BROADCAST, ethernet, packet, station, TunnelClient } from "../../../support/relay/client.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

const SENDERS = 8;
const ROUNDS = 150;

underEachRuntime("many that send at once", (runtime) => {
  const relay = sharedRelay(runtime);

  it("deliver intact frames to a member that reads late", async () => {
    const { token, vni } = await relay().network();
    await using stack = new AsyncDisposableStack();
    const join = async () => stack.use(await TunnelClient.joined(relay().url, token, vni));
    const receiver = await join();
    const senders = await Promise.all(Array.from({ length: SENDERS }, join));
    // Every byte identifies the sender and the frame, because nothing else would reveal a partly overwritten frame.
    const frame = (sender: number, round: number, part: number) =>
      ethernet(
        station(100),
        station(sender + 1),
        Buffer.concat([Buffer.of(round, part), Buffer.alloc(9_000, sender * 101 + round * 7 + part)]),
      );
    await receiver.send(packet(vni, ethernet(BROADCAST, station(100))));
    await receiver.sync();
    receiver.pause();
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(
        senders.map((sender, i) =>
          sender.send(Buffer.concat([0, 1, 2].map((part) => packet(vni, frame(i, round, part))))),
        ),
      );
    }
    for (const sender of senders) await sender.sync();
    receiver.resume();
    await receiver.sync();
    const frames = receiver.takeRecords().map((record) => record.frame);
    const wrong = frames.filter(
      (got) => !got.equals(frame(got.readUInt8(11) - 1, got.readUInt8(14), got.readUInt8(15))),
    );
    expect(frames.length).toBeGreaterThan(0);
    expect(wrong).toHaveLength(0);
  });
});
