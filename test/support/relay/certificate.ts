import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Makes a self-signed certificate for an IP address and its key in a directory, as PEM files; needs `openssl`. */
export function makeCertificate(
  directory: string,
  address = "127.0.0.1",
): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", "/CN=localhost", "-addext", `subjectAltName=IP:${address}`];
  execFileSync("openssl", ["req", "-x509", ...curve, ...subject, "-keyout", key, "-out", cert], {
    stdio: "ignore",
  });
  return { cert, key };
}
