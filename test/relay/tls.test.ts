import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { requires } from "../requirements.ts";
import { makeCertificate } from "./certificate.ts";
import { BROADCAST, ethernet, packet, payloadOf, station, TunnelClient } from "./client.ts";
import { RelayProcess, temporaryDirectory, underEachRuntime } from "./runtimes.ts";

describe.runIf(requires("openssl"))("TLS", () => {
  underEachRuntime("a relay with a certificate", (runtime) => {
    it("serves tunnels over it", async () => {
      const directory = temporaryDirectory();
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
      const { cert, key } = makeCertificate(directory);
      // Administered before, over plain HTTP: fetch would not trust this certificate.
      const data = join(directory, "data");
      await using plain = await RelayProcess.start(runtime, { data });
      const { token, vni } = await plain.network();
      await plain.stop();

      await using relay = await RelayProcess.start(runtime, {
        data,
        args: ["--tls-cert", cert, "--tls-key", key],
      });

      expect(relay.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      await using stranger = await TunnelClient.open(relay.url, { insecure: true });
      expect((await stranger.control("challenge"))["relay"]).toBe(relay.url);
      await using one = await TunnelClient.joined(relay.url, token, vni, { insecure: true });
      await using other = await TunnelClient.joined(relay.url, token, vni, { insecure: true });
      await one.send(packet(vni, ethernet(BROADCAST, station(1), "over TLS")));
      expect(payloadOf(await other.frame())).toBe("over TLS");
    });
  });
});
