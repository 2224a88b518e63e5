/**
 * The kernel's side of an interface, for tests: frames sent here leave through it byte for byte, and frames that arrive
 * through it are received here. packet(7), through koffi, because Node has no such socket.
 */
import koffi from "koffi";
import { VIRTIO_BYTES } from "../../../../shared/offload/virtio.ts";
import { interfaceIndex } from "./interface.ts";

/** Local experimental EtherType (IEEE 802, RFC 9542 section 3): the kernel neither sends nor answers it. */
export const EXPERIMENTAL = 0x88b5;

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_PACKET = 263;
const PACKET_VNET_HDR = 15;
const RECEIVE_BYTES = 32 * 1024 * 1024;

const program = koffi.load(null);
const socket: (family: number, type: number, protocol: number) => number = program.func("socket", "int", [
  "int",
  "int",
  "int",
]);
const bind: (fd: number, address: Uint8Array, length: number) => number = program.func("bind", "int", [
  "int",
  "void *",
  "uint",
]);
const setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number =
  program.func("setsockopt", "int", ["int", "int", "int", "void *", "uint"]);
const write: (fd: number, bytes: Uint8Array, length: number) => number = program.func("write", "intptr_t", [
  "int",
  "void *",
  "size_t",
]);
const read: (fd: number, bytes: Uint8Array, length: number) => number = program.func("read", "intptr_t", [
  "int",
  "void *",
  "size_t",
]);
const close: (fd: number) => number = program.func("close", "int", ["int"]);

export class PacketSocket {
  readonly #fd: number;
  readonly #headerBytes: number;
  readonly #buffer = Buffer.alloc(70_000);

  /** @param headers whether each frame has its virtio-net header before it */
  constructor(name: string, headers = false) {
    this.#headerBytes = headers ? VIRTIO_BYTES : 0;
    this.#fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const receive = Buffer.alloc(4);
    receive.writeUInt32LE(RECEIVE_BYTES);
    setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, receive, 4);
    if (headers) {
      const on = Buffer.alloc(4);
      on.writeUInt32LE(1);
      if (setsockopt(this.#fd, SOL_PACKET, PACKET_VNET_HDR, on, 4) < 0) throw new Error("no PACKET_VNET_HDR");
    }
    const address = Buffer.alloc(20); // struct sockaddr_ll
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16BE(EXPERIMENTAL, 2);
    address.writeUInt32LE(interfaceIndex(name), 4);
    if (bind(this.#fd, address, 20) < 0) throw new Error(`bind to ${name}: errno ${koffi.errno()}`);
  }

  /** Sends a frame out of the interface, that is to the reader of its TAP. */
  send(frame: Uint8Array, virtio: Uint8Array = new Uint8Array(this.#headerBytes)): void {
    const bytes = Buffer.concat([virtio, frame]);
    if (write(this.#fd, bytes, bytes.length) !== bytes.length) {
      throw new Error(`sending ${bytes.length} bytes: errno ${koffi.errno()}`);
    }
  }

  /** Returns the frames that arrived through the interface since the last call. */
  received(): Uint8Array[] {
    return this.receivedWithHeaders().map((bytes) => bytes.subarray(this.#headerBytes));
  }

  /** The same, each behind its virtio-net header if this socket has them. */
  receivedWithHeaders(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (;;) {
      const length = read(this.#fd, this.#buffer, this.#buffer.length);
      if (length < 0) return frames;
      frames.push(new Uint8Array(this.#buffer.subarray(0, length)));
    }
  }

  close(): void {
    close(this.#fd);
  }
}
