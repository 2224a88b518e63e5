import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { residentBytes } from "../../bench/machine/processes.ts";
import { RelayProcess } from "../../support/relay/relay-process.ts";
import { sharedRelay, underEachRuntime } from "../../support/relay/runtimes.ts";

const MEBIBYTE = 2 ** 20;

underEachRuntime("requests written one behind another", (runtime) => {
  const relay = sharedRelay(runtime);

  function dial(url: string): Socket {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {});
    return socket;
  }

  const request = (path: string, host: string) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

  it("are answered in order, and too many of them cut the connection", async () => {
    const { url } = relay();
    const { host } = new URL(url);
    const socket = dial(url);
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
    });
    socket.write(request("/healthz", host) + request("/nothing", host) + request("/healthz", host));
    const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    while (statuses().length < 3) await delay(10);
    expect(statuses()).toEqual(["200", "404", "200"]);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(request("/healthz", host).repeat(1_000));
    await closed;
    expect(statuses().length).toBeLessThan(200);
  });

  it("hold the memory of one answer if none is read", async () => {
    await using own = await RelayProcess.start(runtime);
    const { host } = new URL(own.url);
    const warm = await fetch(new URL("/v1/openapi.json", own.url));
    await warm.text();
    const before = residentBytes(own.pid);
    const sockets = Array.from({ length: 100 }, () => {
      const socket = dial(own.url);
      socket.pause();
      socket.write(request("/v1/openapi.json", host).repeat(30));
      return socket;
    });
    await delay(2_000);
    expect(residentBytes(own.pid) - before).toBeLessThan(100 * MEBIBYTE);
    for (const socket of sockets) socket.destroy();
  });
});
