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

/** The hub as a session uses it. */
export interface SessionHost extends MembershipHost {
  readonly tenants: Tenants;
  readonly limits: HubLimits;
  /** Memory that all sessions share. */
  readonly pool: BlockPool;
  /** Seconds, with fractions, never going back. */
  readonly clock: () => number;
  /** Returns the load limits of a tenant, or those of strangers if there is no tenant. */
  loadOf(tenant: string | undefined): TenantLoad;
  /** Returns the public key of a device. */
  countRefusal(session: Session): { readonly code: number; readonly reason: string };
  /** Counts the session in, and ends an older one of the same device. @returns why it can't be, or undefined */
  admit(session: Session, grant: Grant): string | undefined;
  /** Counts what the session sends, from welcome on. */
  openSender(session: Session, grant: Grant): Sender;
  welcomed(session: Session): void;
  /** Handles an internal error; the session can't continue. */
  failed(session: Session, error: unknown): void;
  /** Called once, after everything that the session had was given back. */
  ended(session: Session): void;
}

/** One tunnel from opening to close: challenge, hello, welcome, then joins and records (docs/protocol.md). */
export class Session implements ConnectionEvents, InboxReader, MembershipSession {
  readonly id = newId();
  readonly connection: Connection;
  /** Control messages of unknown types. */
  unknownMessages = 0;
  /** Control messages before `welcome`. */
  #earlyMessages = 0;

  readonly #host: SessionHost;
  readonly #inbox: Inbox;
  /** Load of its tenant; before `welcome`, of strangers. */
  #load: TenantLoad;
  #control: ControlBudget;
  #helloTimer: ReturnType<typeof setTimeout> | undefined;
  /** Signed by a device in its `hello`; a session accepts one `hello`, so the nonce is used once. */
  readonly #nonce = base64url(crypto.getRandomValues(new Uint8Array(32)));
  #macs: SessionMacs | undefined;
  #sender: Sender | undefined;
  /** Time of the last warning, by the code of the limit. */
  readonly #warnedAt = new Map<string, number>();
  #state: "strange" | "authenticating" | "open" | "closed" = "strange";
  #grant: Grant | undefined;
  #name = "";
  /** Destination of records, from `welcome` on. */
  #tunnel: Tunnel | undefined;
  /** The networks that it has joined, from `welcome` on. */
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

  /** Records dropped before their port was known, by reason. */
  get drops(): DropCounter | undefined {
    return this.#tunnel?.drops;
  }

  /** The client's name for itself, or its device's name; empty before `welcome`. */
  get name(): string {
    return this.#name;
  }

  /** Budget of MAC addresses, from `welcome` on. */
  get macs(): SessionMacs | undefined {
    return this.#macs;
  }

  /** The session's rights; undefined before it is authenticated. */
  get grant(): Grant | undefined {
    return this.#grant;
  }

  tell(message: RelayMessage): void {
    if (this.#state === "closed") return;
    const text = JSON.stringify(message);
    if (this.#mayTell(text.length)) this.connection.socket.sendText(text);
  }

  /** Sends a message that several sessions receive, encoded once as UTF-8 in `block`, which is lent. */
  announce(block: Block): void {
    const { length } = block.bytes;
    if (this.#state === "closed" || !this.#mayTell(length)) return;
    block.retain();
    this.connection.socket.sendEncoded(block, 0, length);
  }

  /** Charges the tenant for bytes of control; closes the session if it does not read what was sent. */
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

  /** Warns about a limit that the session has reached, at most once a minute. @param now seconds, never going back */
  warn(code: string, message: string, now: number): void {
    const last = this.#warnedAt.get(code);
    if (last !== undefined && now - last < NOTICE_SECONDS) return;
    this.#warnedAt.set(code, now);
    this.tell({ type: "notice", code, message });
  }

  /** Ends the session: removes its ports at once and tells the other side why. */
  close(code: number, reason: string): void {
    if (this.#state === "closed") return;
    this.connection.socket.close(code, closeReason(reason));
    this.#end();
  }

  /**
   * Withdraws a network. Closes the session (4003) if it has joined the network or may join no other, because the
   * protocol has no other message for that. Other sessions do not notice.
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
    // All sessions of a tenant may close at once, and each has entries in every table of its networks.
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

  /** Counts the session among those of its tenant. */
  #enterLoad(load: TenantLoad): void {
    this.#load = load;
    this.#control = new ControlBudget(this.#host.limits.load.session, this.#host.clock, load.control);
    this.connection.socket.accountTo(load.queued);
    this.#inbox.move(load.turn);
  }

  /** Closes the session of a client that speaks another version, which may differ in every respect. */
  #demandVersion(version: unknown): void {
    if (typeof version !== "number" || version === PROTOCOL_VERSION) return;
    this.close(Close.unsupported, `version ${version} is not spoken here, only ${PROTOCOL_VERSION}`);
  }

  /** Closes the session if a message of this size is too big. @returns whether it was */
  #over(size: number): boolean {
    const { helloBytes } = this.#host.limits;
    if (this.#state !== "open" && size > helloBytes) {
      this.close(Close.malformed, `message over ${helloBytes} bytes before welcome`);
      return true;
    }
    if (size > MESSAGE_BYTES) this.close(Close.tooBig, `message over ${MESSAGE_BYTES} bytes`);
    return size > MESSAGE_BYTES;
  }

  /** Answers a request with an error. */
  fail(request: string, code: string, message: string, vni: number | undefined): void {
    this.tell({ type: "error", code, message, request, ...(vni === undefined ? {} : { vni }) });
  }
}

/** Undefined values are left out of the JSON. */
function offer(network: Network, given: GivenAddresses | undefined): NetworkOffer {
  const { name, vni, group, mtu } = network;
  // A machine with an address of its own can't reach the hub in a subnet that it knows nothing of.
  const isOutside = given === undefined && network.hasChosenSubnet === true;
  return { name, vni, group, mtu, ...given, dns: isOutside ? undefined : namesOf(network) };
}

/** Cost of removing a session from the tables of its networks, in units of work: about half a millisecond. */
const CLOSE_WORK = 1_500;

/** Returns the units of work (shared/switch/work.ts) for parsing and validating so many characters of control. */
function parseWork(length: number): number {
  return 50 + (length >>> 3);
}

/** Returns the units of work for sending so many bytes of control. */
function tellWork(bytes: number): number {
  return 20 + (bytes >>> 11);
}
