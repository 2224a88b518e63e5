import { describe, expect, it } from "vitest";
import { parseProxy, proxyFor, proxyText } from "../../../../desktop/agent/reach/proxy.ts";
import type { Reach } from "../../../../desktop/agent/reach/reach.ts";

const P = "http://proxy.example:3128";

function chosen(relay: string, env: NodeJS.ProcessEnv, reach: Reach = {}): string | undefined {
  return proxyFor(new URL(relay), reach, env)?.url.origin;
}

describe("the proxy to a relay", () => {
  it.each<[what: string, relay: string, env: NodeJS.ProcessEnv, reach: Reach, proxy: string | undefined]>([
    ["nothing", "https://r.example", {}, {}, undefined],
    ["HTTPS_PROXY for https", "https://r.example", { HTTPS_PROXY: P }, {}, P],
    ["HTTP_PROXY for http", "http://r.example", { HTTP_PROXY: P }, {}, P],
    ["not HTTP_PROXY for https", "https://r.example", { HTTP_PROXY: P }, {}, undefined],
    ["not HTTPS_PROXY for http", "http://r.example", { HTTPS_PROXY: P }, {}, undefined],
    ["lower case before capitals", "https://r.example", { https_proxy: P, HTTPS_PROXY: "http://b" }, {}, P],
    ["an empty one is none", "https://r.example", { https_proxy: "", HTTPS_PROXY: " " }, {}, undefined],
    ["a host alone", "https://r.example", { HTTPS_PROXY: "proxy.example:3128" }, {}, P],
    ["ALL_PROXY for the rest", "https://r.example", { ALL_PROXY: P }, {}, P],
    [
      "ALL_PROXY of SOCKS is not for us",
      "https://r.example",
      { ALL_PROXY: "socks5h://s:1080" },
      {},
      undefined,
    ],
    [
      "the agent's before the environment's",
      "https://r.example",
      { HTTPS_PROXY: "http://b" },
      { usualProxy: P },
      P,
    ],
    ["the agent's may be none", "https://r.example", { HTTPS_PROXY: P }, { usualProxy: "none" }, undefined],
    [
      "the relay's own before all",
      "https://r.example",
      { NO_PROXY: "*" },
      { proxy: P, usualProxy: "http://b" },
      P,
    ],
    ["the relay's own may be none", "https://r.example", { HTTPS_PROXY: P }, { proxy: "none" }, undefined],
    ["not for this machine itself", "http://127.0.0.1:8787", { HTTP_PROXY: P }, {}, undefined],
    ["not for a link-local address", "http://[fe80::1]", { HTTP_PROXY: P }, { zone: "eth0" }, undefined],
  ])("%s", (_what, relay, env, reach, proxy) => {
    expect(chosen(relay, env, reach)).toBe(proxy);
  });

  it.each([
    ["*", "https://r.example", true],
    ["r.example", "https://r.example", true],
    ["R.Example", "https://r.example", true],
    ["example", "https://r.example", true],
    [".example", "https://r.example", true],
    ["*.example", "https://r.example", true],
    ["other, r.example", "https://r.example", true],
    ["ample", "https://r.example", false],
    ["r.example:443", "https://r.example", true],
    ["r.example:8443", "https://r.example", false],
    ["r.example:8443", "https://r.example:8443", true],
    ["10.0.0.0/8", "https://10.1.2.3", true],
    ["10.0.0.0/8", "https://11.1.2.3", false],
    ["10.1.2.3", "https://10.1.2.3", true],
    ["1.2.3", "https://10.1.2.3", false],
    ["fd00::/8", "https://[fd12::1]", true],
    ["fd12:0::1", "https://[fd12::1]", true],
    ["[fd12::1]:443", "https://[fd12::1]", true],
    ["[fd12::1]:80", "https://[fd12::1]", false],
    ["", "https://r.example", false],
    [" ,,. *. / [", "https://r.example", false],
  ])("NO_PROXY=%j leaves out %s: %j", (list, relay, isLeftOut) => {
    expect(chosen(relay, { HTTPS_PROXY: P, NO_PROXY: list })).toBe(isLeftOut ? undefined : P);
  });

  it("keeps its password apart, and never shows it", () => {
    const proxy = parseProxy("http://ann:s%3Acret@proxy.example:3128/x");
    expect(proxy.login).toBe("ann:s:cret");
    expect(proxyText(proxy)).toBe(P);
  });

  it.each(["socks5://ann:secret@s:1080", "http://", "ann:secret@:::", "http://ann:%zz-secret@p", "ftp://p"])(
    "%s is none, and its password is not told",
    (text) => {
      let message = "";
      try {
        parseProxy(text);
      } catch (error) {
        message = String(error);
      }
      expect(message).toMatch(/is not the URL of an HTTP proxy/);
      expect(message).not.toContain("secret");
    },
  );
});
