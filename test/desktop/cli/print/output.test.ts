import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hasColours, Output } from "../../../../desktop/cli/print/output.ts";

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

  it("is a table of relevant columns, each as wide as its widest cell", () => {
    output.list(rows, ["name", "vni", "subnet"]);
    expect(written.split("\n")).toEqual([
      "NAME          VNI  SUBNET",
      "lan           101  -",
      "front-office  7    10.20.0.0/24",
      "",
    ]);
  });

  it("has the heading also for an empty list", () => {
    output.list([], ["name", "vni"]);
    expect(written).toBe("NAME  VNI\n");
  });

  it("is one line for each of an object's fields", () => {
    output.object({ name: "lan", subnet: undefined, networks: ["a", "b"], roles: [] });
    expect(written.split("\n")).toEqual(["name      lan", "subnet    -", "networks  a,b", "roles     -", ""]);
  });

  it("shows a value's parts like options: below each other in an object, side by side in a table", () => {
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

  it("is words for events", () => {
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

describe("colours", () => {
  const look = (column: string) => (column === "vni" ? ("good" as const) : undefined);
  const green = (text: string) => `\x1b[32m${text}\x1b[0m`;
  const faint = (text: string) => `\x1b[2m${text}\x1b[0m`;

  it("mark states, and change no widths", () => {
    new Output(undefined, true).list(rows, ["name", "vni"], look);
    expect(written.split("\n")).toEqual([
      `${faint("NAME        ")}  ${faint("VNI")}`,
      `lan           ${green("101")}`,
      `front-office  ${green("7")}`,
      "",
    ]);
  });

  it("can't be set by control characters in names", () => {
    new Output(undefined, true).list([{ name: "\x1b[31mred" }], ["name"]);
    expect(written).toBe(`${faint("NAME")}\n [31mred\n`);
  });

  it("are used on terminals that have them, unless NO_COLOR is set", () => {
    expect(hasColours({}, true)).toBe(true);
    expect(hasColours({}, false)).toBe(false);
    expect(hasColours({ NO_COLOR: "1" }, true)).toBe(false);
    expect(hasColours({ NO_COLOR: "" }, true)).toBe(true);
    expect(hasColours({ TERM: "dumb" }, true)).toBe(false);
  });

  it("are never in JSON", () => {
    new Output(true, true).list(rows, ["name"], () => "bad");
    expect(written).not.toContain("\x1b");
  });
});

it("obeys no control characters in names, in words and in JSON", () => {
  const name = "a\x1b[31m\x9b\u202eb\u2028";
  new Output(undefined).list([{ name }], ["name"]);
  new Output(undefined).event({ name }, name);
  expect(written).toBe("NAME\na [31m b\na [31m b \n");
  written = "";
  new Output(true).event({ name }, name);
  expect(written).toBe('{"name":"a\\u001b[31m\\u009b\\u202eb\\u2028"}\n');
  expect(JSON.parse(written)).toEqual({ name });
});
