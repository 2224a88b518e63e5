// Missing permissions, and how to get them.
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { thisMachine } from "../../support/network/lab.ts";
import { by, NOBODY, nobodyCanReadThis } from "../../support/nobody.ts";
import { requires } from "../../support/requirements.ts";
import { expectError, Given, type Mistake } from "./mistake.ts";

describe.runIf(requires("root", "tun", "setpriv"))("the laneway command without the rights for it", () => {
  let given: Given;

  beforeAll(async () => {
    given = await Given.start();
  });
  afterAll(() => given[Symbol.asyncDispose]());

  const withoutNetAdmin = by(thisMachine, ["--bounding-set=-net_admin"]);
  const nobody = by(thisMachine, NOBODY);

  it("says how to get the right to make a TAP", async () => {
    const mistake: Mistake = { args: (given) => given.up(), says: "TAP", advises: "CAP_NET_ADMIN", code: 1 };
    const said = await expectError(given, mistake, withoutNetAdmin);
    expect(said).toContain("root");
    expect(said).toContain("service");
  });

  it.runIf(nobodyCanReadThis())("tells an ordinary user", async () => {
    const state = await mkdtemp(join(tmpdir(), "laneway-nobody-"));
    try {
      await chown(state, 65_534, 65_534);
      const args = (given: Given) => [...given.up(), "--state", state];
      await expectError(given, { args, says: "TAP", advises: "CAP_NET_ADMIN", code: 1 }, nobody);
    } finally {
      await rm(state, { recursive: true });
    }
  });

  it.runIf(nobodyCanReadThis())("names the files that an ordinary user can't read or write", async () => {
    const theirs = await mkdtemp(join(tmpdir(), "laneway-roots-"));
    try {
      await chmod(theirs, 0o755);
      const listen = ["relay", "--listen", "127.0.0.1:0", "--data"];
      for (const data of [theirs, join(theirs, "data")]) {
        await expectError(given, { args: [...listen, data], says: data, advises: "--data", code: 1 }, nobody);
      }
      await expectError(
        given,
        {
          args: (given) => [...given.up(), "--state", join(theirs, "state")],
          says: theirs,
          code: 1,
        },
        nobody,
      );
      const args = (given: Given) => given.admin("token", "list");
      await expectError(given, { args, says: "admin.token", code: 1 }, nobody);
    } finally {
      await rm(theirs, { recursive: true });
    }
  });

  it("refuses an invalid name for the TAP, and one in use", async () => {
    const invalid: Mistake = { args: (given) => given.up("--tap", "a b"), says: "a b", code: 2 };
    await expectError(given, invalid);
    const taken: Mistake = { args: (given) => given.up("--tap", "lo"), says: "lo", code: 1 };
    await expectError(given, { ...taken, advises: "--tap" });
  });
});
