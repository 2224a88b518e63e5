import type { ComponentChildren, JSX } from "preact";
import type { NetworkStatus } from "../../../rpc/shapes.ts";
import { Copyable } from "../../components/copyable.tsx";
import { useLocale } from "../../state/context.ts";

function Fact({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** This machine's addresses in a network, to copy, and its path to the relay. */
export function NetworkFacts({ network }: { readonly network: NetworkStatus }): JSX.Element {
  const { t, formats } = useLocale();
  const copyable = (name: string, value: string | null, none: string) => (
    <Fact name={name}>
      {value === null ? <span class="muted">{none}</span> : <Copyable text={value} what={name} />}
    </Fact>
  );
  const { unknown, none } = t.common;
  return (
    <dl class="facts">
      {copyable(t.network.address, network.address, none)}
      {copyable(t.network.mac, network.mac, none)}
      {copyable(t.network.address6, network.address6, none)}
      {copyable(t.network.interface, network.tap, none)}
      {copyable(t.network.relay, network.relay, unknown)}
      <Fact name={t.network.latency}>
        <span class="number">
          {network.latency_ms === null ? unknown : formats.milliseconds(network.latency_ms)}
        </span>
      </Fact>
      <Fact name={`${t.network.vni} · ${t.network.mtu}`}>
        <span class="number">
          {network.vni ?? unknown} · {network.mtu ?? unknown}
        </span>
      </Fact>
      <Fact name={t.network.totals}>
        <span class="number">
          {formats.bytes(network.rx_bytes)} / {formats.bytes(network.tx_bytes)}
        </span>
      </Fact>
      <Fact name={t.network.since}>
        <time dateTime={network.since}>{formats.moment(network.since)}</time>
      </Fact>
    </dl>
  );
}
