// Loaded before the app (`node --import`): resolves `electron` to the double, and everything else as Electron would: no
// package from node_modules.
import { registerHooks } from "node:module";
import { serveUser } from "./user.ts";

const DOUBLE = new URL("electron.ts", import.meta.url).href;
const OURS = new URL(".", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "electron") return { url: DOUBLE, format: "module-typescript", shortCircuit: true };
    const resolved = next(specifier, context);
    const parent = context.parentURL ?? "";
    const isApps = !parent.startsWith(OURS) && !parent.includes("/node_modules/") && parent !== "";
    if (isApps && resolved.url.includes("/node_modules/")) {
      throw new Error(
        `the built app needs '${specifier}' of node_modules, which it does not have where it is installed`,
      );
    }
    return resolved;
  },
});
serveUser();
