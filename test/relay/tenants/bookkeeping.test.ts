import { describe, expect, it, vi } from "vitest";
import { NetworkHub } from "../../../relay/hub/network-hub.ts";
import { Presence } from "../../../relay/hub/session/presence.ts";
import { Sightings } from "../../../relay/hub/session/sightings.ts";
import { Office } from "../hub/host/office.ts";
import { counted } from "./counted.ts";

describe("bookkeeping", () => {
  it("examines some networks at a time for addresses in use, and each in the end", () => {
    using office = new Office();
    const lives = Array.from({ length: 200 }, (_, i) => {
      const network = office.network({ name: `n${i}`, subnet: "10.20.0.0/24" });
      const live = new NetworkHub({
        network,
        roles: new Set(),
        names: office.names,
        clock: () => 0,
        noticed: () => {},
      });
      live.holds++;
      return live;
    });
    const noted = vi.spyOn(office.tenants.addresses, "noteUsed");
    const sightings = new Sightings(office.tenants);
    const each: number[] = [];
    for (let second = 0; second < 70; second++) {
      sightings.tick(lives);
      each.push(noted.mock.calls.length);
      noted.mockClear();
    }
    expect(each.slice(0, 59)).toEqual(new Array(59).fill(0));
    expect(Math.max(...each)).toBe(64);
    expect(each.reduce((sum, count) => sum + count, 0)).toBe(200);
  });

  it("notes many devices in several transactions, and retries those that failed", () => {
    const presence = new Presence();
    type Enters = Parameters<Presence["enter"]>;
    for (let i = 0; i < 1_200; i++) {
      const grant = { device: { id: `d${i}`, name: "" }, tenant: "acme" } as Enters[1];
      presence.enter({ id: `s${i}` } as Enters[0], grant);
    }
    const noted: number[] = [];
    let works = false;
    const note = (devices: readonly string[]) => {
      if (works) noted.push(devices.length);
      return works;
    };
    presence.noteSeen(note);
    works = true;
    for (let i = 0; i < 5; i++) presence.noteSeen(note);
    expect(noted).toEqual([500, 500, 200]);
  });

  it("finds a free name among very many with a few statements", () => {
    using office = new Office();
    const network = office.network({ subnet: "10.20.0.0/16" });
    for (let i = 0; i < 300; i++) office.device(network, "laptop");
    const asked = counted(() => office.device(network, "laptop"));
    expect(asked.reads).toBeLessThan(15);
    expect(office.store.members.labels(network.id)).toContain("laptop-301");
  });

  it("counts a tenant's objects without reading them", () => {
    using office = new Office();
    for (let i = 0; i < 50; i++) office.network({ name: `n${i}` });
    const read = vi.spyOn(office.store, "networks");
    office.network({ name: "more" });
    expect(read).not.toHaveBeenCalled();
    expect(office.store.countNetworks("acme")).toBe(51);
  });

  it("forgets invites that admit no more devices, beyond the newest", async () => {
    using office = new Office();
    const network = office.network();
    const { invites } = office.store;
    const make = (id: string, createdAt: number) =>
      invites.create({ id, networkId: network.id, hash: id, uses: 1, createdAt, expiresAt: 9_000 });
    for (let i = 0; i < 20; i++) make(`i${i}`, 1_000 + i);
    for (let i = 0; i < 10; i++) invites.revoke("acme", `i${i}`, 1_500);
    // An existing device came by this one.
    const device = office.device(network, "a");
    invites.use("i0", "key", device.id);
    invites.trim("acme", 2_000, 5);
    const left = Array.from({ length: 20 }, (_, i) => `i${i}`).filter(
      (id) => invites.byHash(id) !== undefined,
    );
    expect(left).toEqual(["i0", ...Array.from({ length: 15 }, (_, i) => `i${5 + i}`)]);
  });
});
