import { written } from "../../shared/frame/bytes.ts";
import { encodeGre, sealGre } from "../../shared/frame/encapsulation/gre.ts";
import { writeNvgre } from "../../shared/frame/encapsulation/nvgre.ts";
import { writeGroupPolicy, writeVxlan, writeVxlanGpe } from "../../shared/frame/encapsulation/vxlan.ts";
import { plain } from "./frames.ts";
import type { Target } from "./subject.ts";
import { CONTROL_TARGET } from "./targets/control-target.ts";
import { ETHERNET_TARGET } from "./targets/ethernet-target.ts";
import { HOST_TARGET } from "./targets/host-target.ts";
import { portTarget, REMOTE } from "./targets/port-subject.ts";
import { QEMU_TARGET } from "./targets/qemu-target.ts";
import { RECORDS_TARGET } from "./targets/records-target.ts";
import { routedTarget } from "./targets/routed-subject.ts";

const WIRE_VNI = 5_000;
const VSID = 6_000;
const common = { remotes: [REMOTE], clamp_mss: true };

/** Every parser of an underlay, or of frames or messages of foreign programs. */
export const TARGETS: readonly Target[] = [
  portTarget("vxlan", { kind: "vxlan", ...common, wire_vni: WIRE_VNI }, (frame) => vxlan(frame), {
    others: [vxlan(plain(60), WIRE_VNI + 1)],
  }),
  portTarget(
    "vxlan-gbp",
    { kind: "vxlan", group: "239.1.1.1", gbp: true, clamp_mss: true, wire_vni: WIRE_VNI },
    (frame, index) => {
      const packet = vxlan(frame);
      writeGroupPolicy(packet, 0, { group: 77, dontLearn: index % 2 === 1, applied: true });
      return packet;
    },
    { others: [vxlan(plain(60))] },
  ),
  portTarget(
    "vxlan-gpe",
    { kind: "vxlan", ...common, unknown_remotes: true, gpe: true, wire_vni: WIRE_VNI },
    (frame) => {
      const packet = vxlan(frame);
      writeVxlanGpe(packet, 0, WIRE_VNI);
      return packet;
    },
    { strict: true },
  ),
  portTarget("gre", { kind: "gre", ...common, key: 7 }, (frame) => gre(frame, { key: 7 }), {
    others: [gre(plain(60), {}), gre(plain(60), { key: 8 }), gre(plain(60), { key: 7, protocol: 0x0800 })],
  }),
  portTarget(
    "gre-in-udp",
    { kind: "gre", ...common, over: "udp", key: 7, checksum: true, sequence: true },
    (frame, index) => gre(frame, { key: 7, sequence: index, checksummed: true }),
    { others: [gre(plain(60), { key: 7, sequence: 1 }), gre(plain(60), { key: 7, checksummed: true })] },
  ),
  routedTarget("gre-routed"),
  routedTarget("router", { underlay: 256, network: 300 }),
  portTarget("nvgre", { kind: "nvgre", ...common, vsid: VSID }, (frame, index) => nvgre(frame, VSID, index), {
    others: [nvgre(plain(60), VSID + 1, 0), gre(plain(60), { key: VSID << 8, sequence: 1 })],
  }),
  HOST_TARGET,
  CONTROL_TARGET,
  RECORDS_TARGET,
  ETHERNET_TARGET,
  QEMU_TARGET,
];

function vxlan(frame: Uint8Array, vni = WIRE_VNI): Uint8Array {
  const packet = new Uint8Array(8 + frame.length);
  packet.set(frame, writeVxlan(packet, 0, vni));
  return packet;
}

function nvgre(frame: Uint8Array, vsid: number, flowId: number): Uint8Array {
  const packet = new Uint8Array(8 + frame.length);
  packet.set(frame, writeNvgre(packet, 0, vsid, flowId & 0xff));
  return packet;
}

interface GreOptions {
  readonly key?: number;
  readonly sequence?: number;
  readonly checksummed?: boolean;
  readonly protocol?: number;
}

function gre(frame: Uint8Array, options: GreOptions): Uint8Array {
  const room = new Uint8Array(16 + frame.length);
  const at = written(encodeGre(room, 0, { protocol: 0x6558, ...options }));
  const packet = room.subarray(0, at + frame.length);
  packet.set(frame, at);
  if (options.checksummed) sealGre(packet, 0, packet.length);
  return packet;
}
