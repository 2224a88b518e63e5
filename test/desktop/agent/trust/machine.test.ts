import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readMachine } from "../../../../desktop/agent/trust/machine.ts";
import { formatCidr } from "../../../../shared/frame/cidr.ts";
import { requires } from "../../../support/requirements.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-machine-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const signal = new AbortController().signal;

/** Returns a program that answers by its arguments, like `ip` and `resolvectl`. */
function standIn(name: string, answers: Readonly<Record<string, string>>): string {
  const file = join(directory, name);
  const cases = Object.entries(answers).map(([args, answer]) => `"${args}") cat <<'END'\n${answer}\nEND\n;;`);
  writeFileSync(file, `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\n*) exit 1;;\nesac\n`, { mode: 0o755 });
  return file;
}

const ADDRESSES = [
  { ifname: "lo", addr_info: [{ local: "127.0.0.1", prefixlen: 8 }] },
  {
    ifname: "eth0",
    addr_info: [
      { local: "192.168.1.2", prefixlen: 24 },
      { local: "fe80::1", prefixlen: 64 },
    ],
  },
  { ifname: "ppp0", addr_info: [{ local: "10.9.0.2", address: "10.9.0.1", prefixlen: 32 }] },
  { ifname: "lw0", addr_info: [{ local: "10.20.0.7", prefixlen: 24 }] },
];
const ROUTES = [
  { dst: "default", gateway: "192.168.1.1", dev: "eth0" },
  { dst: "0.0.0.0/1", gateway: "10.9.0.1", dev: "ppp0" },
  { dst: "10.0.0.0/8", dev: "ppp0" },
  { type: "blackhole", dst: "172.16.0.0/12" },
  { dst: "10.30.0.5", nexthops: [{ gateway: "192.168.1.7", dev: "eth0" }, { dev: "lw0" }] },
  { dst: "10.20.0.0/24", dev: "lw0" },
  { type: "broadcast", dst: "192.168.1.255", dev: "eth0", table: "local" },
];

async function read(options: {
  resolved?: Readonly<Record<string, string>>;
  resolvConf?: string;
  except?: string;
}) {
  const { resolved, resolvConf = "", except } = options;
  const conf = join(directory, "resolv.conf");
  writeFileSync(conf, resolvConf);
  const state = await readMachine({
    except,
    signal,
    ip: standIn("ip", {
      "-json address show": JSON.stringify(ADDRESSES),
      "-json -4 route show table all": JSON.stringify(ROUTES),
      "-json -6 route show table all": "",
    }),
    resolvConf: conf,
    resolvedDirectory: resolved === undefined ? join(directory, "none") : directory,
    resolvectl: standIn("resolvectl", resolved ?? {}),
  });
  return {
    claims: [...new Set(state.claims.map(({ cidr }) => formatCidr(cidr)))],
    domains: state.domains.map(({ domain }) => domain),
  };
}

describe("the state of this machine", () => {
  it("contains its addresses, its routes except default routes, and their gateways", async () => {
    const { claims } = await read({ except: "lw0" });
    expect(claims.sort()).toEqual(
      [
        "127.0.0.1/8",
        "192.168.1.2/24",
        "fe80::1/64",
        "10.9.0.2/32",
        "10.9.0.1/32",
        "192.168.1.1/32",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "10.30.0.5/32",
        "192.168.1.7/32",
      ].sort(),
    );
  });

  it("contains other networks of Laneway", async () => {
    const { claims } = await read({ except: "lw1" });
    expect(claims).toEqual(expect.arrayContaining(["10.20.0.7/24", "10.20.0.0/24"]));
  });

  it("contains name servers and search domains of resolv.conf", async () => {
    const resolvConf =
      "# by hand\nnameserver 10.20.0.53\nnameserver fd00::53%eth0\n search Corp.Example lan.\noptions x\n";
    const { claims, domains } = await read({ resolvConf });
    expect(claims).toEqual(expect.arrayContaining(["10.20.0.53/32", "fd00::53/128"]));
    expect(domains).toEqual(["corp.example", "lan"]);
  });

  it("contains those of systemd-resolved, for existing links", async () => {
    const dns = [
      "Global: 9.9.9.9#dns.quad9.net",
      "Link 2 (eth0): 192.168.1.1 [fd00::1]:53",
      "Link 9 (lw7): 10.77.0.1",
    ];
    const domain = ["Global:", "Link 2 (eth0): ~. corp.example", "Link 9 (lw7): gone.lan.internal"];
    const { claims, domains } = await read({
      resolved: { "--no-pager dns": dns.join("\n"), "--no-pager domain": domain.join("\n") },
    });
    expect(claims).toEqual(expect.arrayContaining(["9.9.9.9/32", "192.168.1.1/32", "fd00::1/128"]));
    expect(claims).not.toContain("10.77.0.1/32");
    expect(domains).toEqual(["corp.example"]);
  });

  it("is never taken for empty if it can't be read", async () => {
    const ip = standIn("ip", { "-json address show": "no JSON" });
    await expect(readMachine({ except: undefined, signal, ip })).rejects.toMatchObject({
      code: "link.refused",
    });
  });

  it.runIf(requires("ip"))("is read from the real one", async () => {
    const { claims } = await readMachine({ except: undefined, signal });
    expect(claims.map(({ cidr }) => formatCidr(cidr))).toContain("127.0.0.1/8");
  });
});
