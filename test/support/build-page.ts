import { build } from "vite";
import { pageBuild } from "../../relay/page/build.ts";

/** Builds the page before the first test, so that relays under test serve it as its sources are now. */
export async function setup(): Promise<void> {
  await build(pageBuild());
}
