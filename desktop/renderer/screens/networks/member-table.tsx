import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Button } from "../../../../shared/ui/button.tsx";
import { StateMark } from "../../../../shared/ui/state-mark.tsx";
import type { NetworkStatus, Peer, Problem } from "../../../rpc/shapes.ts";
import { CopyButton } from "../../components/copyable.tsx";
import { DataTable } from "../../components/data-table.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { TrafficChart } from "../../components/traffic-chart.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { peerKey } from "../../state/networks.ts";

/** Milliseconds between two reads of the members' counters. */
const LOOK = 2_000;
/** Greatest number of members with a traffic line, because each costs a canvas. */
const LINES = 24;

/** The other members of a network: their state, distance and path. */
export function MemberTable({ network }: { readonly network: NetworkStatus }): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const refused = useSignal<Problem | undefined>(undefined);
  const { id } = network;
  const peers = store.networks.peers(id).value;
  const counted = peers?.some(({ rx_bytes }) => rx_bytes !== null) ?? false;
  useEffect(() => {
    if (!counted) return;
    const timer = setInterval(() => {
      if (!document.hidden) void store.networks.readPeers(id);
    }, LOOK);
    return () => clearInterval(timer);
  }, [store, id, counted]);

  if (peers === undefined) return <p class="empty">{t.app.loading}</p>;

  async function wake(peer: Peer, mac: string): Promise<void> {
    const answer = await store.networks.wake(id, mac);
    refused.value = answer.ok ? undefined : answer.error;
    if (answer.ok) store.announcer.say(t.network.woken(peer.name));
  }
  const wakes = peers.some(canBeWoken);
  const traffic = ({ online, rx_bytes, vtep }: Peer, index: number) =>
    online && rx_bytes !== null && index < LINES ? (
      <TrafficChart traffic={store.networks.peerTraffic.of(peerKey(id, vtep))} small />
    ) : null;
  const wakeButton = (peer: Peer) => <WakeButton peer={peer} onWake={(mac) => void wake(peer, mac)} />;
  return (
    <>
      {refused.value === undefined ? null : <ProblemCard problem={refused.value} />}
      <DataTable
        caption={t.network.members}
        rows={peers}
        keyOf={({ vtep }) => String(vtep)}
        empty={t.network.noMembers}
        columns={[
          { label: t.network.name, heads: true, cell: ({ name }) => name },
          { label: t.network.state, cell: (peer) => <Presence peer={peer} /> },
          { label: t.network.addresses, cell: (peer) => <Addresses peer={peer} /> },
          { label: t.network.reach, numeric: true, cell: (peer) => <Latency peer={peer} /> },
          { label: t.network.path, cell: ({ online, path }) => (online ? t.network[path] : "–") },
          ...(counted ? [{ label: t.network.rates, cell: traffic }] : []),
          ...(wakes ? [{ label: t.network.actions, cell: wakeButton }] : []),
        ]}
      />
    </>
  );
}

/** Shown for members that are away, because Wake-on-LAN needs their MAC address and only helps a sleeping machine. */
function canBeWoken({ online, macs }: Peer): boolean {
  return !online && macs.length > 0;
}

function WakeButton({
  peer,
  onWake,
}: {
  readonly peer: Peer;
  readonly onWake: (mac: string) => void;
}): JSX.Element | null {
  const store = useStore();
  const { t } = useLocale();
  const [mac] = peer.macs;
  if (!canBeWoken(peer) || mac === undefined) return null;
  return (
    <Button
      small
      icon="power"
      label={t.network.wakeWho(peer.name)}
      disabled={!store.mayChange}
      onPress={() => onWake(mac)}
    >
      {t.network.wake}
    </Button>
  );
}

function Presence({ peer }: { readonly peer: Peer }): JSX.Element {
  const { t, formats } = useLocale();
  if (peer.online) return <StateMark tone="good">{t.network.online}</StateMark>;
  return (
    <>
      <StateMark tone="idle">{t.network.offline}</StateMark>
      {peer.last_seen === null ? null : (
        <div class="muted last-seen" title={formats.moment(peer.last_seen)}>
          {t.network.lastSeen(formats.relative(peer.last_seen, Date.now()))}
        </div>
      )}
    </>
  );
}

function Addresses({ peer }: { readonly peer: Peer }): JSX.Element {
  const { t } = useLocale();
  const [address] = peer.addresses;
  const [mac] = peer.macs;
  return (
    <>
      {address === undefined ? null : (
        <div class="copyable">
          <code>{address}</code>
          <CopyButton text={address} what={`${t.network.address}: ${peer.name}`} />
        </div>
      )}
      {mac === undefined ? null : <div class="muted mono">{mac}</div>}
    </>
  );
}

function Latency({ peer }: { readonly peer: Peer }): JSX.Element {
  const { formats } = useLocale();
  return <>{peer.online && peer.latency_ms !== null ? formats.milliseconds(peer.latency_ms) : "–"}</>;
}
