import { Close, closeReason, LATE_HELLO } from "../../../shared/protocol/close.ts";
import {
  FEATURES,
  FRAME_BYTES,
  HELLO_MS,
  KEEPALIVE_SECONDS,
  MESSAGE_BYTES,
  PROTOCOL_VERSION,
} from "../../../shared/protocol/constants.ts";
import {
  type ClientMessage,
  clientMessage,
  type Hello,
  type NetworkOffer,
  parseControl,
  type RelayMessage,
} from "../../../shared/protocol/control.ts";
import type { DropCounter } from "../../../shared/switch/drops.ts";
import { NOTICE_SECONDS } from "../../../shared/switch/guards/notice-limit.ts";
import type { Block } from "../../../shared/tunnel/block.ts";
import type { BlockPool } from "../../../shared/tunnel/block-pool.ts";
import { Tunnel } from "../../../shared/tunnel/tunnel.ts";
import { base64url, newId } from "../../crypto/secret.ts";
import type { Grant } from "../../model/grants.ts";
import type { GivenAddresses, Network } from "../../model/model.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import { namesOf } from "../host/network-host.ts";
import type { HubLimits } from "../limits.ts";
import { ControlBudget } from "../load/control-budget.ts";
import { Inbox, type InboxReader } from "../load/inbox.ts";
import type { TenantLoad } from "../load/tenant-load.ts";
import type { Sender } from "../rates/rates.ts";
import { claimOf, grantOf } from "./claim.ts";
import { isNestedTooDeep } from "./control-depth.ts";
import { type MembershipHost, type MembershipSession, Memberships } from "./memberships.ts";
import type { SessionMacs } from "./session-macs.ts";
import type { Connection, ConnectionEvents } from "./socket.ts";

/** What a session needs of the hub it belongs to, which imports sessions. */
export interface SessionHost extends MembershipHost {
  readonly tenants: Tenants;
  readonly limits: HubLimits;
  /** Memory that all sessions share. */
  readonly pool: BlockPool;
  /** Seconds, with fractions, never going back. */
  readonly clock: () => number;
  /** What a tenant may cost the others; without a tenant, what strangers may. */
  loadOf(tenant: string | undefined): TenantLoad;
  /** Counts a stranger's wrong credentials. @returns what to close the session with */
  countRefusal(session: Session): { readonly code: number; readonly reason: string };
  /** Counts the session in, and ends an older one of the same device. @returns why it can't be, or undefined */
  admit(session: Session, grant: Grant): string | undefined;
  /** Counts what the session sends, from welcome on. */
  openSender(session: Session, grant: Grant): Sender;
  welcomed(session: Session): void;
  /** Something of ours broke; the session can't go on. */
  failed(session: Session, error: unknown): void;
  /** Called once, when everything the session had was given back. */
  ended(session: Session): void;
}

/**
 * One tunnel from its opening to its close: challenge, hello, welcome, then joins and records.
 * (docs/protocol.md tells the whole story.)
 */
export class Session implements ConnectionEvents, InboxReader, MembershipSession {
  readonly id = newId();
  readonly connection: Connection;
  /** Control messages of types not spoken here. */
  unknownMessages = 0;
  /** Control messages before welcome. */
  #earlyMessages = 0;

  readonly #host: SessionHost;
  readonly #inbox: Inbox;
  /** What its tenant may cost, and before that strangers. */
  #load: TenantLoad;
  #control: ControlBudget;
  #helloTimer: ReturnType<typeof setTimeout> | undefined;
  /** Signed by a device in its `hello`; there is one in a session, so it is used once. */
  readonly #nonce = base64url(crypto.getRandomValues(new Uint8Array(32)));
  #macs: SessionMacs | undefined;
  #sender: Sender | undefined;
  /** By the code of the limit. */
  readonly #warnedAt = new Map<string, number>();
  #state: "strange" | "authenticating" | "open" | "closed" = "strange";
  #grant: Grant | undefined;
  #name = "";
  /** Where records go, from welcome on. */
  #tunnel: Tunnel | undefined;
  /** The networks that it has joined, from welcome on. */
  #memberships: Memberships | undefined;

  constructor(connection: Connection, host: SessionHost) {
    this.connection = connection;
    this.#host = host;
    this.#load = host.loadOf(undefined);
    this.#control = new ControlBudget(this.#host.limits.load.session, host.clock, this.#load.control);
    connection.socket.accountTo(this.#load.queued);
    this.#inbox = new Inbox(this.#load.turn, connection.socket, this);
    this.#helloTimer = setTimeout(() => this.close(Close.late, LATE_HELLO), HELLO_MS);
    this.tell({ type: "challenge", nonce: this.#nonce, relay: connection.origin });
  }

  /** Records dropped before any port could be named, by reason. */
  get drops(): DropCounter | undefined {
    return this.#tunnel?.drops;
  }

  /** What its client calls itself, or its device is called; empty before welcome. */
  get name(): string {
    return this.#name;
  }

  /** What it may learn, from welcome on. */
  get macs(): SessionMacs | undefined {
    return this.#macs;
  }

  /** What the session may do; undefined until it said who it is. */
  get grant(): Grant | undefined {
    return this.#grant;
  }

  tell(message: RelayMessage): void {
    if (this.#state === "closed") return;
    const text = JSON.stringify(message);
    if (this.#mayTell(text.length)) this.connection.socket.sendText(text);
  }

  /** Tells what is told to others too, and was made once for all of them: the UTF-8 in `block`, which is lent. */
  announce(block: Block): void {
    const { length } = block.bytes;
    if (this.#state === "closed" || !this.#mayTell(length)) return;
    block.retain();
    this.connection.socket.sendEncoded(block, 0, length);
  }

  /** Charges the tenant for bytes of control; closes the session where it does not read what it was told. */
  #mayTell(bytes: number): boolean {
    const { queued, control, turn } = this.#load;
    const mayLeave = Math.max(
      this.#host.limits.load.leastUnreadBytes,
      Math.min(this.#host.limits.unreadBytes, queued.share),
    );
    const { socket } = this.connection;
    if (!socket.isOpen) return false;
    if (socket.bufferedAmount > mayLeave) {
      this.close(Close.overloaded, "what this relay says is not read");
      return false;
    }
    control.charge(bytes);
    turn.work.done += tellWork(bytes);
    return true;
  }

  /** Tells of a limit that it has run into, once a minute at most. @param now seconds, never going back */
  warn(code: string, message: string, now: number): void {
    const last = this.#warnedAt.get(code);
    if (last !== undefined && now - last < NOTICE_SECONDS) return;
    this.#warnedAt.set(code, now);
    this.tell({ type: "notice", code, message });
  }

  /** Ends the session: its ports are gone at once, the other side is told why. */
  close(code: number, reason: string): void {
    if (this.#state === "closed") return;
    this.connection.socket.close(code, closeReason(reason));
    this.#end();
  }

  /**
   * A network is no more. Who has joined it can't go on, nor who may join no other: that is told by the close (4003), as
   * the protocol has nothing else to tell it by. All others do not notice.
   */
  withdraw(network: number): void {
    const grant = this.#grant;
    const gone = grant?.networks.find(({ id }) => id === network);
    if (grant === undefined || gone === undefined) return;
    if (this.#memberships?.has(gone.vni) || grant.networks.length === 1) {
      return this.close(Close.revoked, `network '${gone.name}' deleted`);
    }
    this.#grant = { ...grant, networks: grant.networks.filter((other) => other !== gone) };
  }

  text(message: string): void {
    this.#inbox.text(message);
  }

  binary(block: Block, size: number): void {
    this.#inbox.binary(block, size);
  }

  get mayReadText(): boolean {
    return this.#control.isOpen;
  }

  readText(message: string): void {
    if (this.#state === "closed") return;
    if (this.#over(message.length)) return;
    const { control, turn } = this.#load;
    const before = control.sent;
    if (this.#state !== "open" && ++this.#earlyMessages > this.#host.limits.earlyMessages) {
      return this.close(Close.malformed, "too many messages before welcome");
    }
    turn.work.done += parseWork(message.length);
    this.#control.read();
    this.#parse(message);
    this.#control.charge(control.sent - before);
  }

  readBinary(block: Block, size: number, from: number): number {
    if (this.#state === "closed" || this.#over(size)) return size;
    if (this.#tunnel === undefined) {
      this.close(Close.malformed, "records before welcome");
      return size;
    }
    const reached = this.#tunnel.receive(block, size, from);
    if (typeof reached === "number") return reached;
    this.close(Close.malformed, reached);
    return size;
  }

  failed(error: unknown): void {
    this.#host.failed(this, error);
  }

  #parse(message: string): void {
    if (isNestedTooDeep(message)) return this.close(Close.malformed, "control message is nested too deep");
    const parsed = parseControl(clientMessage, message);
    switch (parsed.kind) {
      case "malformed":
        return this.close(Close.malformed, parsed.problem);
      case "unknown":
        this.unknownMessages++;
        return;
      case "invalid":
        if (this.#state === "open") return this.fail(parsed.type, "invalid", parsed.problem, parsed.vni);
        if (parsed.type === "hello") this.#demandVersion(parsed.version);
        return this.close(Close.malformed, `${parsed.type}: ${parsed.problem}`);
      case "message":
        this.#handle(parsed.message);
    }
  }

  closed(): void {
    // All sessions of a tenant may close at once, and each has something in every table of its networks.
    const { turn } = this.#load;
    if (turn.begin()) return this.#end();
    turn.add({
      go: () => {
        this.#end();
        return "done";
      },
      pause() {},
    });
  }

  #end(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#helloTimer);
    if (this.#memberships !== undefined) this.#load.turn.work.done += CLOSE_WORK;
    this.#inbox.close();
    this.#memberships?.close();
    this.#tunnel?.close();
    this.#sender?.end();
    this.#host.ended(this);
  }

  #handle(message: ClientMessage): void {
    if (message.type === "ping") return this.tell({ type: "pong", id: message.id });
    if (message.type === "pong") return;
    if (message.type === "hello") {
      if (this.#state === "strange") {
        this.#state = "authenticating";
        this.#hello(message).catch((error: unknown) => this.#host.failed(this, error));
      } else {
        this.fail("hello", "repeated", "hello was said already", undefined);
      }
      return;
    }
    const memberships = this.#memberships;
    if (memberships === undefined) return this.close(Close.refused, `${message.type} before welcome`);
    if (message.type === "join") memberships.join(message.vni);
    else if (message.type === "register") memberships.register(message.vni, message.endpoints);
    else if (message.type === "check") memberships.check(message.vni, message.address);
    else memberships.leave(message.vni);
  }

  async #hello(hello: Hello): Promise<void> {
    this.#demandVersion(hello.version);
    const { tenants, macs: budgets } = this.#host;
    const claim = await claimOf(hello, this.connection, this.#nonce, (id) => tenants.devices.keyOf(id));
    if (this.#state !== "authenticating") return;
    const grant = claim === undefined ? undefined : grantOf(claim, tenants);
    if (grant === undefined) {
      const { code, reason } = this.#host.countRefusal(this);
      return this.close(code, reason);
    }
    const refusal = this.#host.admit(this, grant);
    if (refusal !== undefined) return this.close(Close.overloaded, refusal);
    clearTimeout(this.#helloTimer);
    this.#helloTimer = undefined;
    this.#state = "open";
    this.#grant = grant;
    this.#name = grant.device?.name ?? hello.client.name;
    this.#enterLoad(this.#host.loadOf(grant.tenant));
    const macs = budgets.ofSession(grant);
    this.#macs = macs;
    const sender = this.#host.openSender(this, grant);
    this.#sender = sender;
    const features = FEATURES.filter((feature) => hello.features.includes(feature));
    const tunnel = new Tunnel({
      id: this.id,
      sink: this.connection.socket,
      batch: features.includes("batch"),
      offload: features.includes("offload"),
      macs: macs.budget,
      roles: grant.roles,
      pool: this.#host.pool,
      queueBytes: this.#host.limits.queueBytes,
      failed: (error) => this.failed(error),
      budget: this.#load.queued,
      work: this.#load.turn.work,
    });
    this.#tunnel = tunnel;
    const budget = this.#load.memberships;
    this.#memberships = new Memberships(this, { host: this.#host, tunnel, sender, macs, budget });
    this.#host.welcomed(this);
    this.tell({
      type: "welcome",
      session: this.id,
      features,
      networks: grant.networks.map((network) => offer(network, grant.addresses.get(network.id))),
      limits: {
        message_bytes: MESSAGE_BYTES,
        frame_bytes: FRAME_BYTES,
        macs: budgets.limitOf(macs),
      },
      keepalive_seconds: KEEPALIVE_SECONDS,
    });
  }

  /** Is counted among its tenant's sessions from now on. */
  #enterLoad(load: TenantLoad): void {
    this.#load = load;
    this.#control = new ControlBudget(this.#host.limits.load.session, this.#host.clock, load.control);
    this.connection.socket.accountTo(load.queued);
    this.#inbox.move(load.turn);
  }

  /** Closes the session of a client that speaks another version, which may look different throughout. */
  #demandVersion(version: unknown): void {
    if (typeof version !== "number" || version === PROTOCOL_VERSION) return;
    this.close(Close.unsupported, `version ${version} is not spoken here, only ${PROTOCOL_VERSION}`);
  }

  /** @returns whether a message of this size was too big; the session is then closed */
  #over(size: number): boolean {
    const { helloBytes } = this.#host.limits;
    if (this.#state !== "open" && size > helloBytes) {
      this.close(Close.malformed, `message over ${helloBytes} bytes before welcome`);
      return true;
    }
    if (size > MESSAGE_BYTES) this.close(Close.tooBig, `message over ${MESSAGE_BYTES} bytes`);
    return size > MESSAGE_BYTES;
  }

  /** Answers a request by an error. */
  fail(request: string, code: string, message: string, vni: number | undefined): void {
    this.tell({ type: "error", code, message, request, ...(vni === undefined ? {} : { vni }) });
  }
}

/** What is undefined is left out of the JSON. */
function offer(network: Network, given: GivenAddresses | undefined): NetworkOffer {
  const { name, vni, group, mtu } = network;
  return { name, vni, group, mtu, ...given, dns: namesOf(network) };
}

/** Taking a session out of the tables of its networks, in units of work: about half a millisecond. */
const CLOSE_WORK = 1_500;

/** Units of work (shared/switch/work.ts) for reading control of so many characters: it is parsed and validated. */
function parseWork(length: number): number {
  return 50 + (length >>> 3);
}

/** Units of work for sending so many bytes of control. */
function tellWork(bytes: number): number {
  return 20 + (bytes >>> 11);
}
