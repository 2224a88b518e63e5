import type { Device } from "../../../../../shared/api/resources/device.ts";
import type { Counter } from "../../../../../shared/api/resources/live.ts";
import { StateMark } from "../../../../../shared/ui/state-mark.tsx";
import { dropsOf, type Rate } from "../../state/rates.ts";
import { formats, t } from "../../state/text.ts";
import { useLive } from "../../state/use-live.ts";
import { DataTable } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import type { TabProps } from "./tab-props.ts";

/** A current member, or a device that may join. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly here: Counter | undefined;
  readonly rate: Rate | undefined;
  readonly device: Device | undefined;
}

/** The tab of current members with their traffic, and of devices that may join. */
export function Members({ tenant, network, traffic }: TabProps) {
  const text = t.value;
  const words = text.network;
  const devices = useLive((signal) => tenant.devices(signal), [network.tenant, network.name], 3_000);
  if (traffic.counters === undefined) {
    return (
      traffic.problem === undefined && (
        <p class="empty" role="status">
          {text.loading}
        </p>
      )
    );
  }
  const rows = membersOf(traffic.counters, devices.data?.rows ?? [], network.name, traffic.rates);
  return (
    <DataTable
      caption={words.tabs.members}
      rows={rows}
      keyOf={({ id }) => id}
      empty={words.nobody}
      columns={[
        { label: text.name, heads: true, sort: ({ name }) => name, cell: ({ name }) => name },
        { label: text.state, sort: stateOf, cell: (member) => <MemberState member={member} /> },
        {
          label: words.sending,
          numeric: true,
          sort: ({ rate }) => rate?.sending ?? -1,
          cell: ({ here, rate }) => (rate ? formats.value.bitRate(rate.sending) : here && "–"),
        },
        {
          label: words.receiving,
          numeric: true,
          sort: ({ rate }) => rate?.receiving ?? -1,
          cell: ({ here, rate }) => (rate ? formats.value.bitRate(rate.receiving) : here && "–"),
        },
        {
          label: words.sentTotal,
          numeric: true,
          sort: ({ here }) => here?.rx_bytes ?? -1,
          cell: ({ here }) => here && formats.value.bytes(here.rx_bytes),
        },
        {
          label: words.receivedTotal,
          numeric: true,
          sort: ({ here }) => here?.tx_bytes ?? -1,
          cell: ({ here }) => here && formats.value.bytes(here.tx_bytes),
        },
        {
          label: words.drops,
          numeric: true,
          sort: ({ here }) => (here ? dropsOf(here) : -1),
          cell: ({ here }) => here && formats.value.count(dropsOf(here)),
        },
        { label: words.port, cell: ({ here }) => here && <code>{here.port}</code> },
      ]}
    />
  );
}

function MemberState({ member: { here, device } }: { member: Member }) {
  const text = t.value;
  if (here?.state === "cut") return <StateMark tone="bad">{text.network.cut}</StateMark>;
  if (here !== undefined) return <StateMark tone="good">{text.online}</StateMark>;
  if (device?.online) return <StateMark tone="idle">{text.network.notJoined}</StateMark>;
  const seen = device?.last_seen ?? null;
  return [<StateMark tone="idle">{text.offline}</StateMark>, seen !== null && [" ", <Time time={seen} />]];
}

/** @param devices the tenant's devices */
function membersOf(
  counters: readonly Counter[],
  devices: readonly Device[],
  network: string,
  rates: ReadonlyMap<string, Rate>,
): Member[] {
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

function stateOf({ here, device }: Member) {
  if (here !== undefined) return here.state === "cut" ? 0 : 1;
  return device?.online ? 2 : 3;
}
