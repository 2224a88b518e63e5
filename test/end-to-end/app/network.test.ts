import { afterAll, beforeAll, describe, it } from "vitest";
import { hasLab, launcher } from "../../support/network/lab.ts";
import { AppBuild } from "./app-build.ts";
import { networkStory } from "./network-story.ts";

describe.runIf(hasLab("chromium"))("the desktop app with its agent", () => {
  let build: AppBuild;

  beforeAll(async () => {
    build = await AppBuild.make();
  });

  afterAll(() => build?.[Symbol.asyncDispose]());

  it("joins by a link, sees the other member, loses the relay and gets it back", async () => {
    await networkStory({ app: build.folder, laneway: launcher });
  }, 180_000);
});
