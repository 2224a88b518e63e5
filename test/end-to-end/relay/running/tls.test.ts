import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeCertificate } from "../../../support/relay/certificate.ts";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { RelayProcess, temporaryDirectory } from "../../../support/relay/relay-process.ts";
import { underEachRuntime } from "../../../support/relay/runtimes.ts";
import { requires } from "../../../support/requirements.ts";

describe.runIf(requires("openssl"))("TLS", () => {
  underEachRuntime("a relay with a certificate", (runtime) => {
    it("carries tunnels", async () => {
      const directory = temporaryDirectory();
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
      const { cert, key } = makeCertificate(directory);
      // Administered over plain HTTP first, because fetch would not trust this certificate.
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

    it("separates members' connections from strangers', and stops counting closed ones", async () => {
      const directory = temporaryDirectory();
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
      const { cert, key } = makeCertificate(directory);
      const data = join(directory, "data");
      await using plain = await RelayProcess.start(runtime, { data });
      const { token, vni } = await plain.network();
      await plain.stop();
      const tls = ["--tls-cert", cert, "--tls-key", key];
      const bounds = ["--max-connections", "12", "--max-strangers", "4", "--max-strangers-per-address", "4"];
      await using relay = await RelayProcess.start(runtime, { data, args: [...tls, ...bounds] });

      const joined = async (localAddress: string) =>
        await TunnelClient.joined(relay.url, token, vni, { insecure: true, localAddress });
      await using one = await joined("127.0.0.1");
      await using other = await joined("127.0.0.1");
      // Strangers of other addresses push out one another, but no member.
      const { hostname, port } = new URL(relay.url);
      const strangers = Array.from({ length: 10 }, (_, i) =>
        connect({ host: hostname, port: Number(port), localAddress: `127.0.0.${i + 2}` }).on(
          "error",
          () => {},
        ),
      );
      await Promise.all(strangers.map((socket) => once(socket, "connect")));
      for (const client of [one, other]) await client.sync();
      for (const socket of strangers) socket.destroy();
      for (let i = 0; i < 30; i++) {
        await using passing = await joined("127.0.0.20");
        await passing.close();
      }
      for (const client of [one, other]) await client.sync();
    });
  });
});
