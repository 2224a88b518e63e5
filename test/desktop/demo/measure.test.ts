import { describe, expect, it } from "vitest";
import { parsePing, parseTransfer } from "../../../desktop/demo/measure.ts";

describe("reading ping", () => {
  it("finds the answers and their round trips", () => {
    const stdout = [
      "PING 10.20.0.2 (10.20.0.2) 56(84) bytes of data.",
      "64 bytes from 10.20.0.2: icmp_seq=1 ttl=64 time=0.493 ms",
      "",
      "--- 10.20.0.2 ping statistics ---",
      "10 packets transmitted, 9 received, 10% packet loss, time 908ms",
      "rtt min/avg/max/mdev = 0.290/0.408/0.493/0.082 ms",
    ].join("\n");
    expect(parsePing(stdout)).toEqual({
      sent: 10,
      received: 9,
      roundTrip: { minimum: 0.29, average: 0.408, maximum: 0.493 },
    });
  });

  it("finds no answers from an unreachable host", () => {
    const stdout = "2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 1029ms\npipe 2\n";
    expect(parsePing(stdout)).toEqual({ sent: 2, received: 0, roundTrip: undefined });
  });

  it("finds nothing sent if ping did not run", () => {
    expect(parsePing("")).toEqual({ sent: 0, received: 0, roundTrip: undefined });
  });
});

describe("reading iperf3", () => {
  it("takes the rate at which data arrived, not the one it was sent at", () => {
    const report = {
      end: {
        sum_sent: { bytes: 2000, bits_per_second: 16_000, retransmits: 7 },
        sum_received: { bytes: 1000, bits_per_second: 8000 },
      },
    };
    expect(parseTransfer(JSON.stringify(report))).toEqual({
      bitsPerSecond: 8000,
      bytes: 1000,
      retransmits: 7,
    });
  });

  it("reports iperf3's own error", () => {
    const report = { end: {}, error: "unable to connect to server: Connection refused" };
    expect(() => parseTransfer(JSON.stringify(report))).toThrow("Connection refused");
  });
});
