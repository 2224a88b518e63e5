import { describe, expect, it } from "vitest";
import { isGroupAt, readMac } from "../../../../shared/frame/mac.ts";
import { isLinkLocalControl } from "../../../../shared/switch/guards/link-local.ts";
import {
  LOOP_PROBE_GROUP,
  LoopDetector,
  QUIET_SECONDS,
  RETRY_SECONDS,
  SUSPICION_SECONDS,
} from "../../../../shared/switch/guards/loop-detector.ts";
import type { SegmentNotice } from "../../../../shared/switch/notice.ts";
import type { Port } from "../../../../shared/switch/port.ts";
import { KeepingPort } from "../ports.ts";
import { arpFrame, expectToKeepWithinFrames, view } from "./frames.ts";

const HUB = 0x02aabbccdd01;

class Lab {
  readonly notices: SegmentNotice[] = [];
  readonly sent: { port: Port; frame: Uint8Array }[] = [];
  readonly ports: readonly KeepingPort[];
  readonly detector: LoopDetector;

  constructor(ports = 3) {
    this.detector = new LoopDetector({
      hubMac: HUB,
      send: {
        toPort: (port, frame) => this.sent.push({ port, frame }),
        toAll: () => {
          throw new Error("probes differ from port to port");
        },
      },
      notice: (notice) => this.notices.push(notice),
    });
    this.ports = Array.from({ length: ports }, (_, i) => new KeepingPort(`port${i}`));
    for (const port of this.ports) this.detector.attach(port);
  }

  at(i: number): KeepingPort {
    return this.ports[i] as KeepingPort;
  }

  /** A second in which every port is under suspicion. */
  tick(now: number): void {
    for (const port of this.ports) this.detector.suspect(port, now);
    this.detector.tick(now);
  }

  /** Sends the probes of one second; the one that went to this port. */
  probe(i: number, now: number): Uint8Array {
    this.sent.length = 0;
    this.tick(now);
    return this.sent.find(({ port }) => port === this.at(i))?.frame as Uint8Array;
  }

  comesIn(i: number, frame: Uint8Array, now: number) {
    return this.detector.check(this.at(i), view(frame), now);
  }

  /** One second in which two ports are bridged. */
  loopSecond(one: number, other: number, now: number): void {
    this.probe(one, now);
    for (const { port, frame } of [...this.sent]) {
      if (port === this.at(one)) this.comesIn(other, frame, now);
      if (port === this.at(other)) this.comesIn(one, frame, now);
    }
  }

  get cut(): number[] {
    return [0, 1, 2].filter((i) => this.ports[i] !== undefined && this.detector.isCut(this.at(i)));
  }
}

describe("the loop detector", () => {
  it("sends nothing to unsuspected ports, and soon stops probing suspected ones", () => {
    const lab = new Lab();
    lab.detector.suspect(lab.at(1), 100);
    for (let now = 100; now < 130; now++) lab.detector.tick(now);
    expect(new Set(lab.sent.map(({ port }) => port))).toEqual(new Set([lab.at(1)]));
    expect(lab.sent).toHaveLength(SUSPICION_SECONDS);
  });

  it("probes a suspected port each second with a frame that bridges forward", () => {
    const lab = new Lab();
    const probe = lab.probe(1, 0);
    expect(lab.sent.map(({ port }) => port)).toEqual([...lab.ports]);
    expect([probe.length, readMac(probe, 0), readMac(probe, 6)]).toEqual([60, LOOP_PROBE_GROUP, HUB]);
    expect([probe[12], probe[13]]).toEqual([0x88, 0xb5]);
    expect([isGroupAt(probe, 0), isLinkLocalControl(readMac(probe, 0))]).toEqual([true, false]);
    expect(lab.probe(1, 1)).not.toEqual(probe);
  });

  it("sends nothing with fewer than two ports", () => {
    const lab = new Lab(2);
    lab.detector.detach(lab.at(1));
    lab.tick(0);
    expect(lab.sent).toEqual([]);
  });

  it("cuts the newer of two ports that a loop joins, and reports it once", () => {
    const lab = new Lab();
    for (const [sentTo, cameIn] of [
      [0, 2],
      [2, 1],
    ] as const) {
      const fresh = new Lab();
      const found = fresh.comesIn(cameIn, fresh.probe(sentTo, 5), 5);
      expect(found).toEqual({ ports: [fresh.at(sentTo), fresh.at(cameIn)], cut: fresh.at(2) });
      expect(fresh.cut).toEqual([2]);
    }
    for (let now = 0; now < 9; now++) lab.loopSecond(0, 1, now);
    expect(lab.cut).toEqual([1]);
    expect(lab.notices).toMatchObject([{ code: "loop", ports: [lab.at(0), lab.at(1)] }]);
    expect(lab.notices[0]?.message).toMatch(/port0 comes in at port1.*port1 is cut off/);
  });

  it("cuts a port that returns its frames", () => {
    const lab = new Lab();
    expect(lab.comesIn(0, lab.probe(0, 0), 0)).toEqual({ ports: [lab.at(0)], cut: lab.at(0) });
    expect(lab.notices).toMatchObject([{ code: "loop", ports: [lab.at(0)] }]);
    expect(lab.notices[0]?.message).toContain("comes back from there");
  });

  it("cuts as many ports as it takes, and no more", () => {
    const lab = new Lab();
    for (let now = 0; now < 4; now++) {
      lab.loopSecond(0, 1, now);
      lab.loopSecond(1, 2, now);
      lab.loopSecond(0, 2, now);
    }
    expect(lab.cut).toEqual([1, 2]);
    expect(lab.notices.length).toBe(2);
  });

  it("keeps a port cut and probes it while the loop exists, and opens it 300 s after", () => {
    const lab = new Lab();
    for (let now = 0; now <= RETRY_SECONDS + 20; now++) lab.loopSecond(0, 1, now);
    expect(lab.cut).toEqual([1]);
    lab.tick(RETRY_SECONDS + 20 + QUIET_SECONDS - 1);
    expect(lab.cut).toEqual([1]);
    lab.tick(RETRY_SECONDS + 20 + QUIET_SECONDS);
    expect(lab.cut).toEqual([]);
    expect(lab.notices.length).toBe(1);
    lab.loopSecond(0, 1, 1_000);
    expect([lab.cut, lab.notices.length]).toEqual([[1], 2]);
  });

  it("keeps a port cut for 300 s even if the loop is gone sooner", () => {
    const lab = new Lab();
    lab.loopSecond(0, 1, 10);
    lab.tick(10 + RETRY_SECONDS - 1);
    expect(lab.cut).toEqual([1]);
    lab.tick(10 + RETRY_SECONDS);
    expect(lab.cut).toEqual([]);
  });

  it("recognises its probe in a VLAN", () => {
    const lab = new Lab();
    const probe = lab.probe(0, 0);
    const tagged = Uint8Array.of(...probe.subarray(0, 12), 0x81, 0, 0, 7, ...probe.subarray(12));
    expect(lab.comesIn(1, tagged, 0)?.cut).toBe(lab.at(1));
  });

  it("treats a probe with one wrong bit of mark, version, port or key as an ordinary frame", () => {
    const lab = new Lab();
    const probe = lab.probe(0, 0);
    for (let byte = 14; byte < 40; byte++) {
      const forged = Uint8Array.from(probe);
      forged[byte] = (forged[byte] ?? 0) ^ 1;
      expect(lab.comesIn(1, forged, 0), `byte ${byte}`).toBeUndefined();
    }
    expect(lab.comesIn(1, probe.subarray(0, 43), 0)).toBeUndefined();
    expect(lab.comesIn(1, new Lab().probe(0, 0), 0)).toBeUndefined();
    expect(lab.comesIn(1, arpFrame(), 0)).toBeUndefined();
    expect([lab.cut, lab.notices]).toEqual([[], []]);
  });

  it("gives each port a key that is useless for other ports", () => {
    const lab = new Lab();
    const [own, others] = [lab.probe(1, 0), lab.probe(2, 0)];
    const forged = Uint8Array.from(own);
    forged.set(others.subarray(20, 24), 20);
    expect(lab.comesIn(1, forged, 0)).toBeUndefined();
  });

  it("ignores an old probe, and does not forward it", () => {
    const lab = new Lab();
    const kept = lab.probe(0, 0);
    for (let now = 1; now <= 11; now++) lab.tick(now);
    expect(lab.comesIn(1, kept, 11)).toEqual({ ports: [], cut: undefined });
    expect(lab.cut).toEqual([]);
  });

  it("forgets a port that left, with its key, and treats it as the newest when it returns", () => {
    const lab = new Lab();
    const before = lab.probe(0, 0);
    lab.comesIn(0, before, 0);
    lab.detector.detach(lab.at(0));
    lab.detector.detach(lab.at(0));
    expect([lab.detector.isCut(lab.at(0)), lab.comesIn(1, before, 0)]).toEqual([false, undefined]);
    lab.detector.attach(lab.at(0));
    expect(lab.comesIn(1, before, 0)).toBeUndefined();
    expect(lab.comesIn(1, lab.probe(0, 1), 1)?.cut).toBe(lab.at(0));
  });

  it("keeps within the frame, whatever the bytes", () => {
    const lab = new Lab();
    const probe = lab.probe(0, 0);
    for (let end = 14; end < 44; end++) {
      const seen = view(probe);
      seen.read(probe, 0, end);
      expect(lab.detector.check(lab.at(1), seen, 0)).toBeUndefined();
    }
    expectToKeepWithinFrames((seen) => lab.detector.check(lab.at(1), seen, 0));
  });
});
