import { describe, expect, it } from "vitest";
import { RouterPorts } from "../../../../shared/switch/multicast/router-ports.ts";
import { KeepingPort } from "../ports.ts";

describe("a router port", () => {
  const port = new KeepingPort("a");

  it("is one for 255 seconds after a query", () => {
    const routers = new RouterPorts();
    routers.heardQuery(port, 10);
    routers.tick(264);
    expect([...routers.ports]).toEqual([port]);
    routers.tick(265);
    expect([...routers.ports]).toEqual([]);
  });

  it("is one for as long as a hello says, and a hello does not shorten what a query gave", () => {
    const routers = new RouterPorts();
    routers.heardHello(port, 105, 0);
    routers.tick(104);
    expect(routers.ports.has(port)).toBe(true);
    routers.heardQuery(port, 104);
    routers.heardHello(port, 105, 105);
    routers.tick(358);
    expect(routers.ports.has(port)).toBe(true);
    routers.tick(359);
    expect(routers.ports.has(port)).toBe(false);
  });

  it("does not become one by a goodbye", () => {
    const routers = new RouterPorts();
    routers.heardHello(port, 0, 0);
    expect(routers.ports.size).toBe(0);
  });

  it("is one no more when it is gone", () => {
    const routers = new RouterPorts();
    routers.heardQuery(port, 0);
    routers.detach(port);
    expect(routers.ports.size).toBe(0);
  });

  it("changes the set by making another, and only when there is a change", () => {
    const routers = new RouterPorts();
    routers.heardQuery(port, 0);
    const before = routers.ports;
    routers.heardQuery(port, 1);
    routers.tick(2);
    expect(routers.ports).toBe(before);
    routers.heardQuery(new KeepingPort("b"), 3);
    expect(routers.ports).not.toBe(before);
    expect(before.size).toBe(1);
  });
});
