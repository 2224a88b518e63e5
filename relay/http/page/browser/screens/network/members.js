/** @import { Counter, Device } from "../../api/answers.ts" */
/** @import { Rate } from "../../state/rates.js" */
/** @import { TabProps } from "./network-screen.js" */
import { h } from "preact";
import { dropsOf } from "../../state/rates.js";
import { useLive } from "../../state/use-live.js";
import { bitRate, bytes, number } from "../../text/format.js";
import { t } from "../../text/text.js";
import { code, p } from "../../ui/dom.js";
import { State } from "../../ui/state.js";
import { dataTable } from "../../ui/table.js";
import { Time } from "../../ui/time.js";

/**
 * Somebody who is here, or a device that could be.
 *
 * @typedef {object} Member
 * @property {string} id
 * @property {string} name
 * @property {Counter | undefined} here
 * @property {Rate | undefined} rate
 * @property {Device | undefined} device
 */

/**
 * Who is on the network now and what passes, and the devices that may be but are not.
 *
 * @param {TabProps} props
 */
export function Members({ tenant, network, traffic }) {
  const text = t.value;
  const words = text.network;
  const devices = useLive((signal) => tenant.devices(signal), [network.tenant, network.name], 3_000);
  if (traffic.counters === undefined) {
    return traffic.problem === undefined && p({ class: "empty", role: "status" }, text.loading);
  }
  const rows = membersOf(traffic.counters, devices.data?.rows ?? [], network.name, traffic.rates);
  return dataTable({
    caption: words.tabs.members,
    rows,
    keyOf: ({ id }) => id,
    empty: words.nobody,
    columns: [
      { label: text.name, heads: true, sort: ({ name }) => name, cell: ({ name }) => name },
      { label: text.state, sort: stateOf, cell: (member) => h(MemberState, { member }) },
      {
        label: words.sending,
        numeric: true,
        sort: ({ rate }) => rate?.sending ?? -1,
        cell: ({ here, rate }) => (rate ? bitRate(rate.sending) : here && "–"),
      },
      {
        label: words.receiving,
        numeric: true,
        sort: ({ rate }) => rate?.receiving ?? -1,
        cell: ({ here, rate }) => (rate ? bitRate(rate.receiving) : here && "–"),
      },
      {
        label: words.sentTotal,
        numeric: true,
        sort: ({ here }) => here?.rx_bytes ?? -1,
        cell: ({ here }) => here && bytes(here.rx_bytes),
      },
      {
        label: words.receivedTotal,
        numeric: true,
        sort: ({ here }) => here?.tx_bytes ?? -1,
        cell: ({ here }) => here && bytes(here.tx_bytes),
      },
      {
        label: words.drops,
        numeric: true,
        sort: ({ here }) => (here ? dropsOf(here) : -1),
        cell: ({ here }) => here && number(dropsOf(here)),
      },
      { label: words.port, cell: ({ here }) => here && code(null, here.port) },
    ],
  });
}

/** @param {{ member: Member }} props */
function MemberState({ member: { here, device } }) {
  const text = t.value;
  if (here?.state === "cut") return h(State, { kind: "bad", label: text.network.cut });
  if (here !== undefined) return h(State, { kind: "good", label: text.online });
  if (device?.online) return h(State, { kind: "idle", label: text.network.notJoined });
  const seen = device?.last_seen ?? null;
  return [h(State, { kind: "idle", label: text.offline }), seen !== null && [" ", h(Time, { time: seen })]];
}

/**
 * @param {readonly Counter[]} counters
 * @param {readonly Device[]} devices of the tenant
 * @param {string} network
 * @param {ReadonlyMap<string, Rate>} rates
 * @returns {Member[]}
 */
function membersOf(counters, devices, network, rates) {
  const present = new Set(counters.map(({ device }) => device));
  const here = counters.map((counter) => ({
    id: counter.port,
    name: counter.name ?? counter.port,
    here: counter,
    rate: rates.get(counter.port),
    device: devices.find(({ id }) => id === counter.device),
  }));
  const away = devices
    .filter(({ id, networks }) => networks.includes(network) && !present.has(id))
    .map((device) => ({ id: device.id, name: device.name, here: undefined, rate: undefined, device }));
  return [...here, ...away];
}

/** @param {Member} member */
function stateOf({ here, device }) {
  if (here !== undefined) return here.state === "cut" ? 0 : 1;
  return device?.online ? 2 : 3;
}
