import { Block } from "../../../shared/tunnel/block.ts";
import type { MessageSink } from "../../../shared/tunnel/outbox.ts";

/** Passes a whole buffer to a sink, as one message. */
export function sendBytes(sink: MessageSink, bytes: Uint8Array, sent?: () => void): void {
  sink.send(new Block(bytes), 0, bytes.length, sent);
}

/** Returns a block that reports when its last holder releases it, which must happen once. */
export function watched(bytes: Uint8Array, freed: () => void): Block {
  return new Block(bytes, { takeBack: freed });
}
