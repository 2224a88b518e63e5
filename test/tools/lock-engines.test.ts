import { expect, it } from "vitest";
import { askingForNewer } from "../../tools/lock-engines.ts";

it.each([
  { node: ">=20", newer: false },
  { node: ">= 18.12.0", newer: false },
  { node: "^18.17.0 || >=20", newer: false },
  { node: "18 || 20 || >=22", newer: false },
  { node: "20.x || >=22", newer: false },
  { node: "*", newer: false },
  { node: ">=22.12.0", newer: true },
  { node: "^22.12.0 || ^24.0.0 || >=26.0.0", newer: true },
  // Of Node 20 only later ones.
  { node: "^20.19.0 || >=22.12.0", newer: true },
  { node: ">=20.18.1", newer: true },
])("knows whether $node leaves Node 20.0.0 out: $newer", ({ node, newer }) => {
  const packages = {
    "": { engines: { node: ">=99" } },
    "node_modules/one": { engines: { node } },
    other: {},
  };
  expect(askingForNewer({ packages })).toEqual(newer ? ["node_modules/one"] : []);
});
