/**
 * Change notices of the kernel: links, addresses, routes and rules, over a netlink socket (rtnetlink(7)). Unlike a
 * child `ip monitor`, the socket leaves no process behind, reports losses (ENOBUFS), and needs no parsing of text. The
 * notices say where to look; `ip` gives the state (state.ts).
 */
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { loadPoll, type Watch } from "../../../system/poll.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const NETLINK_ROUTE = 0;
const SOCKADDR_BYTES = 12;

/** RTMGRP_LINK, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, and RTNLGRP_IPV6_RULE (linux/rtnetlink.h). */
const GROUPS = 0x1 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | (1 << 18);

const HEADER_BYTES = 16;
const LINK_BYTES = 16;
const ROUTE_BYTES = 12;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTA_OIF = 4;
const IFF_RUNNING = 0x40;

/** Maximum bytes of a datagram: the kernel's own have at most 32 KiB. */
const DATAGRAM_BYTES = 65_536;
/** Datagrams read at one wake-up, so that a flood of them does not starve the process. */
const DATAGRAMS = 64;

/** A change notice. */
export interface SystemNotice {
  readonly what: "link" | "address" | "route" | "other";
  /** The interface's index; 0 if the notice names none. */
  readonly index: number;
  /** Of a link: whether it has a carrier. */
  readonly running: boolean | undefined;
}

export interface NoticeEvents {
  notices(notices: readonly SystemNotice[]): void;
  /** Notices were lost: anything may have changed. */
  lost(): void;
  /** No more notices will come. */
  failed(why: Error): void;
}

export interface NoticeSocket {
  /** Resolves once the socket is closed. */
  close(): Promise<void>;
}

/**
 * Opens a socket that reports changes in this network namespace. It needs no privileges.
 *
 * @throws Error if this runtime has no FFI, or the kernel refuses the socket
 */
export async function openNotices(events: NoticeEvents): Promise<NoticeSocket> {
  const watchDescriptor = await loadPoll();
  const { default: koffi } = await import("koffi");
  const library = koffi.load(null);
  const socket: (family: number, type: number, protocol: number) => number = library.func("socket", "int", [
    "int",
    "int",
    "int",
  ]);
  const bind: (fd: number, address: Uint8Array, length: number) => number = library.func("bind", "int", [
    "int",
    "void *",
    "uint",
  ]);
  const receive: (fd: number, bytes: Uint8Array, length: number, flags: number) => number = library.func(
    "recv",
    "intptr_t",
    ["int", "void *", "size_t", "int"],
  );
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) throw new Error(`no netlink socket (errno ${koffi.errno()})`);
  const address = Buffer.alloc(SOCKADDR_BYTES);
  address.writeUInt16LE(AF_NETLINK);
  address.writeUInt32LE(GROUPS, 8);
  if (bind(fd, address, SOCKADDR_BYTES) < 0) {
    const errno = koffi.errno();
    closeSync(fd);
    throw new Error(`the netlink socket can't be bound (errno ${errno})`);
  }
  const datagram = Buffer.alloc(DATAGRAM_BYTES);
  const { EAGAIN, EINTR, ENOBUFS } = constants.errno;

  const read = () => {
    const found: SystemNotice[] = [];
    let isLost = false;
    for (let count = 0; count < DATAGRAMS; count++) {
      const length = receive(fd, datagram, DATAGRAM_BYTES, 0);
      if (length > 0) {
        found.push(...readNotices(datagram, length));
        continue;
      }
      const errno = length === 0 ? EAGAIN : koffi.errno();
      if (errno === ENOBUFS) isLost = true;
      else if (errno !== EINTR) {
        if (errno !== EAGAIN) fail(new Error(`the netlink socket failed (errno ${errno})`));
        break;
      }
    }
    if (isLost) events.lost();
    if (found.length > 0) events.notices(found);
  };
  const watch: Watch = watchDescriptor(fd, (status) => {
    if (status < 0) fail(new Error(`the netlink socket can't be polled (errno ${-status})`));
    else read();
  });
  const fail = (why: Error) => {
    watch.stop();
    events.failed(why);
  };
  watch.start();
  return {
    async close() {
      await watch.close();
      closeSync(fd);
    },
  };
}

/** Reads the messages of one datagram: struct nlmsghdr, and the needed part of its payload. */
export function readNotices(datagram: Uint8Array, length: number): SystemNotice[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, Math.min(length, datagram.length));
  const notices: SystemNotice[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= view.byteLength) {
    const bytes = view.getUint32(at, true);
    if (bytes < HEADER_BYTES || at + bytes > view.byteLength) break;
    notices.push(readNotice(view, at, at + bytes));
    // NLMSG_ALIGN
    at += (bytes + 3) & ~3;
  }
  return notices;
}

function readNotice(view: DataView, at: number, end: number): SystemNotice {
  const type = view.getUint16(at + 4, true);
  const body = at + HEADER_BYTES;
  const isLink = type === RTM_NEWLINK || type === RTM_DELLINK;
  if (isLink && body + LINK_BYTES <= end) {
    // struct ifinfomsg
    const running = type === RTM_NEWLINK && (view.getUint32(body + 8, true) & IFF_RUNNING) !== 0;
    return { what: "link", index: view.getInt32(body + 4, true), running };
  }
  if ((type === RTM_NEWADDR || type === RTM_DELADDR) && body + 8 <= end) {
    // struct ifaddrmsg
    return { what: "address", index: view.getUint32(body + 4, true), running: undefined };
  }
  if (type === RTM_NEWROUTE || type === RTM_DELROUTE) {
    return { what: "route", index: outgoing(view, body + ROUTE_BYTES, end), running: undefined };
  }
  return { what: "other", index: 0, running: undefined };
}

/** Returns the interface of a route: RTA_OIF among its attributes; 0 if absent, as with several next hops. */
function outgoing(view: DataView, start: number, end: number): number {
  let at = start;
  while (at + 4 <= end) {
    const bytes = view.getUint16(at, true);
    if (bytes < 4 || at + bytes > end) break;
    if (view.getUint16(at + 2, true) === RTA_OIF && bytes >= 8) return view.getUint32(at + 4, true);
    at += (bytes + 3) & ~3;
  }
  return 0;
}
