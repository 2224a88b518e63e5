import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Star } from "../star.ts";

/**
 * Makes a self-signed certificate for the hub's addresses and its key in the star's directory, as PEM files; needs
 * `openssl`.
 */
export function makeCertificate(star: Star): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(star.directory, "cert.pem"), join(star.directory, "key.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const addresses = star.arms.map(({ hubAddress }) => `IP:${hubAddress}`).join();
  const subject = ["-subj", "/CN=bench", "-addext", `subjectAltName=${addresses}`];
  execFileSync("openssl", ["req", "-x509", ...curve, ...subject, "-keyout", key, "-out", cert], {
    stdio: "ignore",
  });
  return { cert, key };
}
