/** Connects networks to the news of their interface's keeper. */
import type { Problem } from "../../rpc/shapes.ts";
import type { LocalNetwork } from "../network/local-network.ts";
import type { TapDevice } from "../tap/device.ts";
import type { InterfaceKeeper } from "./keeper.ts";
import { type OverlapOptions, OverlapWatch } from "./overlap-watch.ts";

/**
 * Keeps the interface of one network, which it does not share, for the network's lifetime.
 *
 * @param overlapping problems found before the addresses were set
 */
export function keepNetwork(
  keeper: InterfaceKeeper,
  network: LocalNetwork,
  options: OverlapOptions,
  overlapping: readonly Problem[],
): void {
  const overlaps = new OverlapWatch(network, options, overlapping);
  network.interfaceFaults = () => [...keeper.faults, ...overlaps.problems];
  network.beforeClose(async () => {
    overlaps.close();
    await keeper.stop();
  });
  keepNetworks(keeper, () => [network], { replaced: (tap) => network.replaceTap(tap) });
}

/** Keeps the interface that several networks share. */
export function keepNetworks(
  keeper: InterfaceKeeper,
  networks: () => readonly LocalNetwork[],
  { replaced }: { replaced(tap: TapDevice): void },
): void {
  keeper.start({
    replaced,
    macChanged: (mac) => {
      for (const network of networks()) network.moveTo(mac);
    },
    changed: () => {
      for (const network of networks()) network.endpointsChanged?.();
    },
    news: (news) => {
      // One interface gives one line, so only the first of its networks reports it.
      networks()[0]?.interfaceNews?.(news);
    },
  });
}
