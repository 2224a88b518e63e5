// Runs in the page before the window's own scripts, in place of the preload.
import "./no-eval.ts";
import { BridgeDouble } from "./bridge-double.ts";
import type { Scene } from "./scene.ts";

const { scene } = globalThis as unknown as { readonly scene: Scene };
const double = new BridgeDouble(scene);

Object.assign(globalThis, {
  double,
  laneway: { call: double.call.bind(double), on: double.on.bind(double) },
});
