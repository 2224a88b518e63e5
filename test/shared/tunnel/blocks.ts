import { Block } from "../../../shared/tunnel/block.ts";
import type { MessageSink } from "../../../shared/tunnel/outbox.ts";

/** Hands a whole buffer to a sink, as one message. */
export function sendBytes(sink: MessageSink, bytes: Uint8Array, sent?: () => void): void {
  sink.send(new Block(bytes), 0, bytes.length, sent);
}

/** A block that says when nobody holds it any more, which has to be once. */
export function watched(bytes: Uint8Array, freed: () => void): Block {
  return new Block(bytes, { takeBack: freed });
}
