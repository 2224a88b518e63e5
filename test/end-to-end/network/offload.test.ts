import { describe, expect, it } from "vitest";
import { hasLab, Lab, startRelay, up } from "../../support/network/lab.ts";

const BYTES = 20_000_000;

describe.runIf(hasLab("iperf3"))("a transfer over a segment", () => {
  it.each([
    ["with offload at both ends", [], []],
    ["with offload at the sender alone", [], ["--no-offload"]],
    ["with offload at the receiver alone", ["--no-offload"], []],
    ["without offload", ["--no-offload"], ["--no-offload"]],
  ])("arrives whole, with every checksum right: %s", async (_what, sending, receiving) => {
    const lab = await Lab.create({ signal: new AbortController().signal });
    try {
      const [alice, bob] = [await lab.addSite("alice"), await lab.addSite("bob")];
      await using relay = await startRelay(lab);
      const token = await relay.token();
      const join = (site: typeof alice, name: string, address: string, options: readonly string[]) =>
        up(
          site.host,
          [
            "lan",
            "--relay",
            relay.url,
            "--address",
            address,
            "--state",
            `${lab.directory}/${name}`,
            ...options,
          ],
          { LANEWAY_TOKEN: token },
        );
      await join(alice, "alice", "10.20.0.1/24", sending);
      await join(bob, "bob", "10.20.0.2/24", receiving);
      bob.host.spawn("iperf3", ["--server", "--one-off"], { stdio: "ignore" });
      const transfer = [
        "--client",
        "10.20.0.2",
        "--bytes",
        String(BYTES),
        "--connect-timeout",
        "2000",
        "--json",
      ];
      let result = await alice.host.exec("iperf3", transfer);
      // The server takes a moment until it listens.
      while (result.stdout.includes("unable to connect")) result = await alice.host.exec("iperf3", transfer);
      const { end } = JSON.parse(result.stdout) as { end: { sum_received: { bytes: number } } };
      expect(end.sum_received.bytes).toBeGreaterThan(BYTES / 2);
      for (const { host } of [alice, bob]) {
        expect(checksumErrors(await host.mustExec("cat", ["/proc/net/snmp"]))).toEqual([0, 0, 0]);
      }
    } finally {
      await lab.close();
    }
  });
});

/** InCsumErrors of ICMP, TCP and UDP. */
function checksumErrors(stdout: string): number[] {
  const lines = stdout.split("\n").map((line) => line.split(" "));
  return ["Icmp:", "Tcp:", "Udp:"].map((protocol) => {
    const [names, values] = lines.filter(([first]) => first === protocol);
    return Number(values?.[names?.indexOf("InCsumErrors") ?? -1]);
  });
}
