/** A hub's segment with its policy, ports behind which anything may be, and a clock that goes by hand. */

import { isOffload } from "../../../../shared/protocol/record.ts";
import type { SegmentNotice } from "../../../../shared/switch/notice.ts";
import { MacTable } from "../../../../shared/switch/places/mac-table.ts";
import { HubPolicy, hubMac } from "../../../../shared/switch/policy/hub-policy.ts";
import { MacBudget, type PortRole } from "../../../../shared/switch/port.ts";
import { Segment } from "../../../../shared/switch/segment.ts";
import { DEFAULT_SETTINGS, type SettingsChange } from "../../../../shared/switch/settings.ts";
import type { Block } from "../../../../shared/tunnel/block.ts";
import { KeepingPort, receive } from "../ports.ts";

const VNI = 101;

/** The hub's own address in the lab's segment. */
export const HUB = hubMac(VNI);

/** A port that tells the hub's own frames from those of machines. */
export class LabPort extends KeepingPort {
  /** Which of {@link frames} came as records of type 2. */
  readonly offloaded: boolean[] = [];

  constructor(id: string, roles: readonly PortRole[] = [], offload = false) {
    super(id, new MacBudget(1_000), offload);
    this.roles = new Set(roles);
  }

  override send(block: Block, start: number, frame: number, end: number): void {
    super.send(block, start, frame, end);
    this.offloaded.push(isOffload(block.bytes, start));
  }

  /** Frames of machines since this was asked last, and of the hub. */
  take(): { machines: number[][]; hub: number[][] } {
    const all = this.frames.splice(0);
    this.offloaded.length = 0;
    return { machines: all.filter((frame) => !isOfHub(frame)), hub: all.filter(isOfHub) };
  }

  /** How many frames of machines came out since this was asked last. */
  count(): number {
    return this.take().machines.length;
  }
}

export interface PolicyLabOptions {
  readonly settings?: SettingsChange;
  readonly wire?: boolean;
  readonly granted?: readonly PortRole[];
  readonly ports?: number;
}

export class PolicyLab {
  readonly clock = { seconds: 1_000 };
  readonly notices: SegmentNotice[] = [];
  readonly segment: Segment;
  readonly policy: HubPolicy;
  readonly #ports: LabPort[];

  constructor({ settings = {}, wire = false, granted = [], ports = 3 }: PolicyLabOptions = {}) {
    const notice = (what: SegmentNotice) => void this.notices.push(what);
    this.segment = new Segment(VNI, () => this.clock.seconds, new MacTable({ notice }));
    this.policy = new HubPolicy({
      segment: this.segment,
      settings: { ...DEFAULT_SETTINGS, ...(settings as Partial<typeof DEFAULT_SETTINGS>) },
      wire,
      granted: new Set(granted),
      notice,
      now: this.clock.seconds,
    });
    this.segment.policy = this.policy;
    this.#ports = Array.from({ length: ports }, (_, i) => new LabPort(`port${i}`));
    for (const port of this.#ports) this.segment.attach(port);
  }

  at(i: number): LabPort {
    const port = this.#ports[i];
    if (port === undefined) throw new RangeError(`there is no port ${i}`);
    return port;
  }

  /** One more port, with these roles. */
  plug(...roles: PortRole[]): LabPort {
    const port = new LabPort(`port${this.#ports.length}`, roles);
    this.#ports.push(port);
    this.segment.attach(port);
    return port;
  }

  /** Has a frame come in at a port. */
  send(from: LabPort | number, frame: ArrayLike<number>): void {
    receive(this.segment, typeof from === "number" ? this.at(from) : from, Array.from(frame));
  }

  /** Has a frame come in; the numbers of the ports where it came out as it was. */
  reach(from: LabPort | number, frame: ArrayLike<number>): number[] {
    for (const port of this.#ports) port.take();
    this.send(from, frame);
    const same = Array.from(frame).join();
    return this.#ports.flatMap((port, i) =>
      port.take().machines.some((one) => one.join() === same) ? i : [],
    );
  }

  /** Lets seconds pass, with a tick at the end of each. */
  pass(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.clock.seconds++;
      this.segment.tick();
    }
  }

  /** The ports' drops by reason, all together. */
  get drops(): Record<string, number> {
    const sum: Record<string, number> = {};
    for (const port of this.#ports) {
      for (const [reason, count] of Object.entries(port.drops.toJSON()))
        sum[reason] = (sum[reason] ?? 0) + count;
    }
    return sum;
  }
}

function isOfHub(frame: readonly number[]): boolean {
  return frame[6] === 0x02 && frame[7] === 0x4c && frame[8] === 0x4e;
}
