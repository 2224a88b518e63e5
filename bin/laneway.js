#!/usr/bin/env node
// Plain JavaScript of any age: on an older Node this says so, where main.ts would be a syntax error.
const NEEDED = 24;

if (Number(process.versions.node.split(".")[0]) < NEEDED) {
  process.stderr.write(
    `laneway: needs Node ${NEEDED} or newer, and this is ${process.version}: run it as 'npx laneway', or update Node\n`,
  );
  process.exitCode = 1;
} else {
  import("./main.ts").then(({ main }) => main(process.argv));
}
