import { usage } from "../../shared/fault.ts";

/** Reads a relay's URL; `ws` and `wss` are taken for `http` and `https`. */
export function parseRelayUrl(text: string): URL {
  const url = URL.parse(text.replace(/^ws(s?):/, "http$1:"));
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw usage(
      "usage.relay",
      `'${text}' is not an http(s) URL`,
      "Write it as https://relay.example, or as 'laneway relay' prints it.",
    );
  }
  return url;
}
