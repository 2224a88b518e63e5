import fc from "fast-check";
import { create } from "qrcode";
import { expect, it } from "vitest";
import { commonJsAsModule } from "../../../relay/http/page/common-js.ts";
import { readPageFiles } from "../../../relay/page-files.ts";

/** Imports a module by its text. */
async function load(text: string): Promise<Record<string, unknown>> {
  return (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as Record<string, unknown>;
}

it("makes one module of files that require each other, also in a circle, and runs each once", async () => {
  const files: Record<string, string> = {
    "/a.js":
      'exports.runs = []; const b = require("./b"); exports.sum = () => b.two() + require("./c.js").one;',
    "/b.js": "const c = require('./c.js'); exports.two = () => c.one + 1; require('./a').runs.push('b');",
    "/c.js": 'require("./a").runs.push("c"); module.exports = { one: 1 };',
  };
  const text = commonJsAsModule("/a.js", ["sum", "runs"], {
    read: (path) => files[path] ?? "",
    resolve: (specifier) => `/${specifier.replace("./", "").replace(".js", "")}.js`,
  });
  const { sum, runs } = await load(text);
  expect((sum as () => number)()).toBe(3);
  expect(runs).toEqual(["c", "b"]);
});

it("makes QR codes in a browser as the package does here", async () => {
  const text = new TextDecoder().decode(readPageFiles().get("packages/qrcode.js"));
  const served = (await load(text))["create"] as typeof create;
  fc.assert(
    fc.property(fc.webUrl({ withFragments: true }), (url) => {
      expect(served(url, {}).modules.data).toEqual(create(url, {}).modules.data);
    }),
    { numRuns: 20 },
  );
});
