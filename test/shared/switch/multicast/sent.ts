import { decodeEthernet } from "../../../../shared/frame/ethernet.ts";
import type { Igmp } from "../../../../shared/frame/groups/igmp.ts";
import { decodeIgmp } from "../../../../shared/frame/groups/igmp.ts";
import { decodeMld, type Mld } from "../../../../shared/frame/groups/mld.ts";
import { decodeIpv4 } from "../../../../shared/frame/ip/ipv4.ts";
import { decodeIpv6 } from "../../../../shared/frame/ip/ipv6.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import type { HubSender } from "../../../../shared/switch/hub-sender.ts";
import { FrameView } from "../../../../shared/switch/policy/frame-view.ts";
import type { Port } from "../../../../shared/switch/port.ts";

/** A query that the hub sent. */
export interface SentQuery {
  /** "all", or the port's id. */
  readonly to: string;
  readonly vlans: readonly number[];
  readonly source: number | bigint;
  readonly destination: number | bigint;
  readonly message: Igmp | Mld;
}

/** Keeps what the hub sends. */
export class KeepingSender implements HubSender {
  #sent: { to: string; frame: Uint8Array }[] = [];

  toPort(port: Port, frame: Uint8Array): void {
    this.#sent.push({ to: port.id, frame });
  }

  toAll(frame: Uint8Array): void {
    this.#sent.push({ to: "all", frame });
  }

  /** Returns the queries sent since the last call. Throws for other frames. */
  take(): SentQuery[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent.map(({ to, frame }) => ({ to, ...readQuery(frame) }));
  }

  /** The same in short: to whom, and about what. */
  takeIgmp(): string[] {
    return this.take()
      .filter(({ source }) => typeof source === "number")
      .map(({ to, message }) => `${to} ${"group" in message && message.group ? "group" : "general"}`);
  }
}

function readQuery(bytes: Uint8Array): Omit<SentQuery, "to"> {
  const frame = accepted(decodeEthernet(bytes, 0, bytes.length));
  const vlans = frame.tags.map((tag) => tag.vlan);
  if (frame.etherType === 0x0800) {
    const { source, destination, payload, end } = accepted(decodeIpv4(bytes, frame.payload, frame.end));
    return { vlans, source, destination, message: accepted(decodeIgmp(bytes, payload, end)) };
  }
  const { source, destination, end } = accepted(decodeIpv6(bytes, frame.payload, frame.end));
  const message = accepted(decodeMld(bytes, new FrameView().read(bytes, 0, end).transport, end));
  return { vlans, source, destination, message };
}

function accepted<View>(result: View | Malformed): View {
  if (result instanceof Malformed) throw new Error(`the hub sent what is ${result.code}`);
  return result;
}
