import { describe } from "vitest";
import { requires } from "../../support/requirements.ts";
import { messageSocketContract } from "./contract.ts";
import { type Tls, trustedCertificate } from "./pair.ts";

describe("a message socket", () => {
  messageSocketContract("of our own framing at both ends", { server: "own", client: "own" });
  messageSocketContract("of our own framing at the server, of ws at the client", {
    server: "own",
    client: "ws",
  });
  messageSocketContract("of ws at the server, of our own framing at the client", {
    server: "ws",
    client: "own",
  });
  messageSocketContract("of ws at both ends", { server: "ws", client: "ws" });
});

describe.runIf(requires("openssl"))("a message socket over TLS", () => {
  let made: Tls | undefined;
  const tls = () => {
    made ??= trustedCertificate();
    return made;
  };
  messageSocketContract("of our own framing at both ends", { server: "own", client: "own", tls });
  messageSocketContract("of our own framing at the server, of ws at the client", {
    server: "own",
    client: "ws",
    tls,
  });
});
