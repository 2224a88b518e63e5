import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Output } from "../../../desktop/cli/output.ts";

let written: string;

beforeEach(() => {
  written = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const rows = [
  { name: "lan", vni: 101, subnet: null, extra: true },
  { name: "front-office", vni: 7, subnet: "10.20.0.0/24" },
];

describe("output for people", () => {
  const output = new Output(undefined);

  it("is a table of the columns that matter, each as wide as its widest cell", () => {
    output.list(rows, ["name", "vni", "subnet"]);
    expect(written.split("\n")).toEqual([
      "NAME          VNI  SUBNET",
      "lan           101  -",
      "front-office  7    10.20.0.0/24",
      "",
    ]);
  });

  it("has the heading where there is nothing below it", () => {
    output.list([], ["name", "vni"]);
    expect(written).toBe("NAME  VNI\n");
  });

  it("is one line for each of an object's fields", () => {
    output.object({ name: "lan", subnet: undefined, networks: ["a", "b"], roles: [] });
    expect(written.split("\n")).toEqual(["name      lan", "subnet    -", "networks  a,b", "roles     -", ""]);
  });

  it("has the parts of a value as options are written: below each other in an object, side by side in a table", () => {
    const row = { name: "lan", settings: { mac_limit: 5, snooping: true, suppression: false }, drops: {} };
    output.object({ name: row.name, settings: row.settings });
    output.list([row], ["name", "settings", "drops"]);
    expect(written.split("\n")).toEqual([
      "name      lan",
      "settings  mac-limit=5",
      "          snooping=on",
      "          suppression=off",
      "NAME  SETTINGS                                 DROPS",
      "lan   mac-limit=5 snooping=on suppression=off  -",
      "",
    ]);
  });

  it("is words for what happens", () => {
    output.event({ event: "up" }, "lan is up");
    output.note("that was it");
    expect(written).toBe("lan is up\nthat was it\n");
  });
});

describe("output for programs", () => {
  const output = new Output(true);

  it("is one JSON object to a line, with all that the object has, and nothing else", () => {
    output.list(rows, ["name"]);
    output.object({ name: "two\nlines" });
    output.event({ event: "up" }, "lan is up");
    output.note("that was it");
    const lines = written.split("\n");
    expect(lines.pop()).toBe("");
    expect(lines.map((line) => JSON.parse(line))).toEqual([...rows, { name: "two\nlines" }, { event: "up" }]);
  });

  it("is nothing for an empty list", () => {
    output.list([], ["name"]);
    expect(written).toBe("");
  });
});
